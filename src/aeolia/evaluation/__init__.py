"""Any system, recordings with references, and the report that comes of them.

    find_pairs -> evaluate (scoring) -> EvaluationReport (statistics, tables) -> CSV, JSON, page

    from aeolia.evaluation import EvaluationReport, evaluate, find_pairs, load_system, write_report

A system is a callable `(audio, sample_rate) -> audio`; `load_system` makes one of a model's name,
`system_of_command` of a command line. Mixtures are judged by `separation`, notes by `notes`;
`tasks` holds what each of the three tasks is judged by.
Nothing here needs more than NumPy and soundfile, except the metrics that say so.
"""

from __future__ import annotations

from aeolia.evaluation.gallery import gallery, pair_sounds, worst_clips
from aeolia.evaluation.pairs import Pair, PairSet, find_pairs
from aeolia.evaluation.report import EvaluationReport, snr_groups, write_report
from aeolia.evaluation.scoring import ClipScores, System, evaluate, score_audio
from aeolia.evaluation.statistics import Interval, mean_interval, paired_difference
from aeolia.evaluation.systems import UNPROCESSED, load_system, system_of, system_of_command
from aeolia.evaluation.tables import print_table
from aeolia.pictures.page import Clip, Gallery, Version, render_page
from aeolia.pictures.spectrogram import spectrogram_db, spectrogram_png
from aeolia.pictures.table import Table

__all__ = [
    "UNPROCESSED",
    "Clip",
    "ClipScores",
    "Gallery",
    "Interval",
    "Pair",
    "PairSet",
    "EvaluationReport",
    "System",
    "Table",
    "Version",
    "evaluate",
    "find_pairs",
    "gallery",
    "load_system",
    "mean_interval",
    "pair_sounds",
    "paired_difference",
    "print_table",
    "render_page",
    "score_audio",
    "snr_groups",
    "spectrogram_db",
    "spectrogram_png",
    "system_of",
    "system_of_command",
    "worst_clips",
    "write_report",
]
