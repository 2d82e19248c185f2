"""The three autoencoders as drawings: boxes and arrows in SVG, labelled in either language."""

from __future__ import annotations

import html
from dataclasses import dataclass

__all__ = ["DRAWINGS", "draw"]

_BOX = {
    "signal": "fill:#e8eefc;stroke:#3f51b5",
    "network": "fill:#fff;stroke:#333",
    "latent": "fill:#fde7c8;stroke:#c77700",
    "chance": "fill:#e4f4e6;stroke:#2e7d32",
    "loss": "fill:#fbe3e6;stroke:#b3261e",
}
_HEIGHT = 46


@dataclass(frozen=True)
class Box:
    """A box with its middle at (x, y): a line of words in both languages, and one of symbols."""

    kind: str
    x: int
    y: int
    words: tuple[str, str]
    symbols: str = ""
    width: int = 118


@dataclass(frozen=True)
class Drawing:
    """Boxes by name, and arrows between them."""

    title: tuple[str, str]
    size: tuple[int, int]
    boxes: dict[str, Box]
    arrows: tuple[tuple[str, str], ...]


DRAWINGS = {
    "dae": Drawing(
        ("Denoising autoencoder", "降噪自编码器"),
        (780, 240),
        {
            "clean": Box("signal", 70, 50, ("clean", "干净音频"), "x"),
            "noise": Box("chance", 70, 190, ("noise", "噪声"), "n"),
            "noisy": Box("signal", 70, 120, ("noisy", "带噪音频"), "x̃ = x + n"),
            "encoder": Box("network", 240, 120, ("STFT, encoder", "STFT、编码器"), "f"),
            "latent": Box("latent", 390, 120, ("latent", "潜在向量"), "z = f(x̃)"),
            "decoder": Box("network", 540, 120, ("decoder, iSTFT", "解码器、iSTFT"), "g"),
            "estimate": Box("signal", 700, 120, ("estimate", "估计"), "x̂ = g(z)"),
            "loss": Box("loss", 700, 50, ("error", "误差"), "‖x − x̂‖²"),
        },
        (
            ("clean", "noisy"),
            ("noise", "noisy"),
            ("noisy", "encoder"),
            ("encoder", "latent"),
            ("latent", "decoder"),
            ("decoder", "estimate"),
            ("estimate", "loss"),
            ("clean", "loss"),
        ),
    ),
    "cae": Drawing(
        ("Conditional autoencoder", "条件自编码器"),
        (780, 250),
        {
            "mixture": Box("signal", 70, 100, ("mixture", "混合音"), "y = Σ xₛ"),
            "encoder": Box("network", 225, 100, ("encoder, once", "编码器（一次）"), "f"),
            "latent": Box("latent", 375, 100, ("latent", "潜在向量"), "z = f(y)"),
            "condition": Box("chance", 375, 200, ("which source", "哪个声源"), "c"),
            "decoder": Box(
                "network", 545, 100, ("decoder, per source", "解码器（每声源）"), "g", 134
            ),
            "estimate": Box("signal", 705, 100, ("source", "声源"), "x̂₍c₎ = g(z, c)"),
            "loss": Box("loss", 705, 200, ("error", "误差"), "‖x₍c₎ − x̂₍c₎‖²"),
        },
        (
            ("mixture", "encoder"),
            ("encoder", "latent"),
            ("latent", "decoder"),
            ("condition", "decoder"),
            ("decoder", "estimate"),
            ("estimate", "loss"),
        ),
    ),
    "vae": Drawing(
        ("Variational autoencoder", "变分自编码器"),
        (780, 250),
        {
            "note": Box("signal", 70, 70, ("note", "音符"), "x"),
            "encoder": Box("network", 220, 70, ("encoder", "编码器"), "q(z | x)"),
            "moments": Box("latent", 365, 70, ("mean, variance", "均值、方差"), "μ, σ²"),
            "chance": Box("chance", 365, 140, ("noise", "噪声"), "ε ~ N(0, 1)"),
            "latent": Box("latent", 510, 105, ("draw", "抽样"), "z = μ + σ ε"),
            "prior": Box("chance", 220, 210, ("prior", "先验"), "p(z | c)"),
            "divergence": Box("loss", 365, 210, ("divergence", "散度"), "KL(q ‖ p)"),
            "condition": Box("signal", 510, 210, ("pitch, loudness", "音高、响度"), "c"),
            "decoder": Box("network", 660, 105, ("decoder", "解码器"), "p(x | z, c)"),
            "estimate": Box("signal", 660, 210, ("note again", "重建的音符"), "x̂"),
        },
        (
            ("note", "encoder"),
            ("encoder", "moments"),
            ("moments", "latent"),
            ("chance", "latent"),
            ("latent", "decoder"),
            ("condition", "decoder"),
            ("prior", "divergence"),
            ("decoder", "estimate"),
        ),
    ),
}


def draw(drawing: Drawing, language: str) -> str:
    """The drawing as SVG text."""
    chinese = language == "zh"
    width, height = drawing.size
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="14" text-anchor="middle">',
        f"<title>{drawing.title[chinese]}</title>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#333"/></marker></defs>',
    ]
    for start, end in drawing.arrows:
        (x1, y1), (x2, y2) = _edge(drawing.boxes[start], drawing.boxes[end])
        parts.append(
            f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#333" '
            f'stroke-width="1.4" marker-end="url(#tip)"/>'
        )
    for box in drawing.boxes.values():
        left, top = box.x - box.width / 2, box.y - _HEIGHT / 2
        parts.append(
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{box.width}" height="{_HEIGHT}" rx="6" '
            f'style="{_BOX[box.kind]};stroke-width:1.4"/>'
        )
        parts.append(f'<text x="{box.x}" y="{box.y - 4}">{html.escape(box.words[chinese])}</text>')
        parts.append(
            f"""<text x="{box.x}" y="{box.y + 15}" font-style="italic">"""
            f"{html.escape(box.symbols)}</text>"
        )
    return "\n".join([*parts, "</svg>\n"])


def _edge(start: Box, end: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the line between two boxes' middles leaves the one and meets the other."""

    def border(box: Box, other: Box) -> tuple[float, float]:
        across, down = other.x - box.x, other.y - box.y
        reach = min(
            box.width / 2 / abs(across) if across else 9e9,
            _HEIGHT / 2 / abs(down) if down else 9e9,
        )
        return box.x + reach * across, box.y + reach * down

    return border(start, end), border(end, start)
