"""A study: trials by Optuna until their number or the time is reached, resumable after any kill."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aeolia.bulk.workers import end_with_parent
from aeolia.errors import (
    AeoliaError,
    InputError,
    MissingExtraError,
    TrainingError,
    TrainingStoppedError,
)
from aeolia.files import write_atomically
from aeolia.recipes.recipe import Recipe
from aeolia.training.stages.plan import recipe_to_json, resolve
from aeolia.training.task import Data, Say
from aeolia.tuning.folder import StudyFolder
from aeolia.tuning.space import Space
from aeolia.tuning.trial import RUNGS, judge_of, refuse_unknown_objectives, run_trial

if TYPE_CHECKING:
    import optuna

__all__ = ["StudyRequest", "tune"]

#: Seconds between signs of life of a trial, and until one without them counts as dead: this is
#: for trials of other machines, those of this one are asked for by their process.
_HEARTBEAT, _GRACE = 30, 120
#: Times that a killed trial is tried again.
_RETRIES = 3
#: Quarters that a trial is stopped after when it is in the worse half.
_REDUCTION = 2


@dataclass(frozen=True)
class StudyRequest:
    """What is to be tuned, and how long."""

    recipe: Recipe
    space: Space
    data: Data
    out: Path
    #: Trials in all, earlier ones included; None for no end but the time.
    trials: int | None = None
    #: No trial begins after this time; None for no end but the number.
    minutes: float | None = None
    jobs: int = 1
    #: Where the trials are kept, any URL that Optuna knows; "" for the folder.
    storage: str = ""


def tune(request: StudyRequest, say: Say = print) -> None:
    """Run or continue the study in `request.out`, and write best.json and report.html.

    Raises:
        ConfigError: the space does not fit the recipe, or an objective is no score of its task.
        DataError, TrainingError: the data cannot be used; the folder holds another study; no
            trial was finished. What was found is kept.
        MissingExtraError: Optuna is not installed.
    """
    recipe = resolve(request.recipe)
    if request.trials is None and request.minutes is None:
        raise InputError("say how long to search, with --trials or --minutes")
    request.space.check(recipe)
    refuse_unknown_objectives(request.space, recipe)
    judge_of(recipe, request.space.shortened(recipe), request.data)
    folder = StudyFolder(request.out)
    name = folder.begin(recipe, request.space, request.data)
    request = dataclasses.replace(request, recipe=recipe)
    deadline = time.time() + 60.0 * request.minutes if request.minutes else None
    with _quiet():
        study = _open(request, name, 0)
        _take_up_interrupted(study)
        own = request.space.own_values(recipe)
        if not study.trials and own is not None:
            parameters = {key.name: key.as_parameter(own[key.name]) for key in request.space.keys}
            study.enqueue_trial(parameters, user_attrs={"own": True})
        elif not study.trials:
            say("the space does not hold the recipe's own values, so no trial has them")
        try:
            _run_all(request, name, deadline, say)
        except _Stopped as stopped:
            signal = stopped.error.signal
            raise TrainingStoppedError(
                f"stopped by a signal; the study stays in {request.out}: the same command goes on",
                signal,
            ) from stopped
        _finish(request, study, folder, say)


def _run_all(request: StudyRequest, name: str, deadline: float | None, say: Say) -> None:
    """Trials in this process, or in `jobs` ones."""
    if request.jobs == 1:
        _work(request, name, deadline, 0, say)
        return
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_help, args=(request, name, deadline, index, say), daemon=True)
        for index in range(request.jobs)
    ]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    finally:
        for worker in workers:
            worker.terminate()


def _help(request: StudyRequest, name: str, deadline: float | None, index: int, say: Say) -> None:
    end_with_parent()
    with suppress(_Stopped):  # the process that waits for this one has words for it
        _work(request, name, deadline, index, say)


def _work(request: StudyRequest, name: str, deadline: float | None, index: int, say: Say) -> None:
    """Trials one after the other, until there are enough or the time is over."""
    with _quiet():
        study = _open(request, name, index)
        while not _is_over(request, study, deadline):
            before = time.time()
            study.optimize(
                lambda trial: _objective(trial, request),
                n_trials=1,
                # A trial that fails is one that is not chosen; data that fail, fail for all.
                catch=(AeoliaError, RuntimeError, ValueError, MemoryError),
            )
            _tell(request, study, time.time() - before, deadline, say)


def _objective(trial: optuna.Trial, request: StudyRequest) -> tuple[float, ...]:
    trial.set_user_attr("process", _process())
    folder = StudyFolder(request.out).trials
    try:
        return run_trial(trial, request.space, request.recipe, request.data, folder)
    except TrainingStoppedError as stopped:
        raise _Stopped(stopped) from stopped
    except (AeoliaError, RuntimeError, ValueError, MemoryError) as error:
        words = str(error).strip() or type(error).__name__
        trial.set_user_attr("failure", words.splitlines()[0][:300])
        raise


class _Stopped(BaseException):
    """A signal came in a trial. Optuna notes every `Exception` as the trial's failure; what it does
    not catch leaves the trial as a kill does, to be tried again when the study goes on."""

    def __init__(self, error: TrainingStoppedError) -> None:
        super().__init__(str(error))
        self.error = error


def _process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_over(request: StudyRequest, study: optuna.Study, deadline: float | None) -> bool:
    if deadline is not None and time.time() >= deadline:
        return True
    return request.trials is not None and _count(study) >= request.trials


def _count(study: optuna.Study) -> int:
    """Trials that were begun, those that another one goes on for left out."""
    trials = study.get_trials(deepcopy=False)
    again = {trial.user_attrs.get("again") for trial in trials}
    return sum(trial.state.name != "WAITING" and trial.number not in again for trial in trials)


def _tell(
    request: StudyRequest,
    study: optuna.Study,
    took: float,
    deadline: float | None,
    say: Say,
) -> None:
    """A line on the trial that this process ended, with the time left."""
    here = _process()
    trials = study.get_trials(deepcopy=False)
    trial = [each for each in trials if each.user_attrs.get("process") == here][-1]
    state, objectives = trial.state.name, list(request.space.objectives)
    if state == "COMPLETE":
        found = ", ".join(f"{n} {v:.4g}" for n, v in zip(objectives, trial.values, strict=True))
    elif state == "PRUNED":
        rung = trial.last_step or 0
        value = trial.intermediate_values.get(rung, float("nan"))
        found = f"stopped after {rung} of {RUNGS} quarters, {objectives[0]} {value:.4g}"
    else:
        found = f"failed: {trial.user_attrs.get('failure', 'interrupted')}"
    seconds = [t.duration.total_seconds() for t in trials if t.duration is not None]
    left = [] if deadline is None else [max(0.0, deadline - time.time())]
    if request.trials is not None and seconds:
        count = max(0, request.trials - _count(study))
        left.append(count * sum(seconds) / len(seconds) / request.jobs)
    of = f" of {request.trials}" if request.trials is not None else ""
    own = " (the recipe's own values)" if trial.user_attrs.get("own") else ""
    say(
        f"{_count(study)}{of}, trial {trial.number + 1}{own}: {found}; {took:.0f} s, about "
        f"{min(left) / 60.0:.1f} minutes left"
    )


def _open(request: StudyRequest, name: str, worker: int) -> optuna.Study:
    """The study, new or as it stands."""
    import optuna
    from optuna.study import StudyDirection

    url = request.storage or StudyFolder(request.out).storage
    try:
        storage = optuna.storages.RDBStorage(
            url,
            engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None,
            heartbeat_interval=_HEARTBEAT,
            grace_period=_GRACE,
            heartbeat_stale_trial_callback=_try_again,
        )
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            load_if_exists=True,
            directions=[StudyDirection[d.upper()] for d in request.space.objectives.values()],
            pruner=optuna.pruners.SuccessiveHalvingPruner(
                min_resource=1, reduction_factor=_REDUCTION
            ),
        )
    except Exception as error:  # drivers and SQLAlchemy have each their own
        words = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TrainingError(
            f"cannot open the trials at {url} ({words}); check --storage, or choose another --out"
        ) from error
    # Another seed for each worker and each continuation, or they would draw the same again.
    study.sampler = optuna.samplers.TPESampler(
        seed=1000 * len(study.trials) + worker,
        n_startup_trials=8,
        multivariate=True,
        constant_liar=request.jobs > 1,
    )
    return study


def _take_up_interrupted(study: optuna.Study) -> None:
    """Fail the trials whose process on this machine is gone, and let others go on for them."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        host, _, process = trial.user_attrs.get("process", "").rpartition(":")
        if host == socket.gethostname() and not _is_alive(int(process)):
            study.tell(trial.number, state=TrialState.FAIL)
            _try_again(study, trial)


def _try_again(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
    """Queue the same values, to go on in the run of a killed trial."""
    times = trial.user_attrs.get("retries", 0)
    if times < _RETRIES:
        noted = {"own": True} if trial.user_attrs.get("own") else {}
        study.enqueue_trial(
            trial.params,
            user_attrs={
                **noted,
                "again": trial.number,
                "continues": trial.user_attrs.get("continues", trial.number),
                "reported": {str(k): v for k, v in trial.intermediate_values.items()},
                "retries": times + 1,
            },
        )


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def _finish(request: StudyRequest, study: optuna.Study, folder: StudyFolder, say: Say) -> None:
    """Write the best recipe and the report.

    Raises:
        TrainingError: no trial was finished.
    """
    from aeolia.tuning.report import best_trial, study_page

    trials = study.get_trials(deepcopy=False)
    if not any(trial.state.name == "COMPLETE" for trial in trials):
        why = [trial.user_attrs["failure"] for trial in trials if "failure" in trial.user_attrs]
        reason = f"; the first failure: {why[0]}" if why else ""
        raise TrainingError(
            f"no trial of {len(trials)} was finished{reason}; the study is kept in {folder.path}, "
            "give it more time or another space"
        )
    best = best_trial(study)
    values = {key.name: key.of_parameter(best.params[key.name]) for key in request.space.keys}
    tuned = request.space.apply(request.recipe, values)
    scores = ", ".join(f"{n} {v:.4g}" for n, v in best.user_attrs["scores"].items())
    about = (
        f"{request.recipe.about} Tuned: the best of {len(trials)} trials of {request.space.steps} "
        f"steps ({scores} on choose)."
    )
    tuned = dataclasses.replace(tuned, about=about, expects=type(tuned.expects)())
    write_atomically(folder.path / "best.json", recipe_to_json(tuned), error=TrainingError)
    page = study_page(request.recipe, request.space, study)
    write_atomically(folder.path / "report.html", page, error=TrainingError)
    say(f"best: trial {best.number + 1}, {json.dumps(values)}")
    say(
        f"wrote {folder.path / 'report.html'} and {folder.path / 'best.json'}; next: aeolia train "
        f"--recipe {folder.path / 'best.json'} --data DATA --out run"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna without its own lines, and without what it says of parts that may change.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import matplotlib  # noqa: F401, here and not after hours of trials
        import optuna
    except ImportError as error:
        raise MissingExtraError(
            f"tuning needs {error.name}; install it with: pip install 'aeolia[tune]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # Failed trials are told of in a line of our own.
    optuna.logging.disable_default_handler()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
        yield
