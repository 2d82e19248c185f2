"""What the losses of all models that filter a mixture share: their spectra."""

from __future__ import annotations

import torch
from torch import Tensor

from aeolia.nn.spectral import compress

__all__ = ["compressed_errors", "unit_spectrum"]

#: Of the spectra that are compared.
_EXPONENT = 0.3


def unit_spectrum(audio: Tensor, window: Tensor) -> Tensor:
    """Audio [N, T] to spectrum [N, 2, F, Q] in frames half a window apart.

    Noise of unit level gives bins of unit power.
    """
    length = len(window)
    spectrum = torch.stft(
        audio,
        length,
        length // 2,
        window=window.to(audio.device),
        center=False,
        return_complex=True,
    )
    scale = float(window.square().sum().sqrt())
    return torch.view_as_real(spectrum.transpose(1, 2)).permute(0, 3, 1, 2) / scale


def compressed_errors(
    reference: Tensor, estimate: Tensor, inside: Tensor, attenuation: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Mean square errors of power-compressed spectra: of the magnitude, and of the complex bins.

    Args:
        reference, estimate: spectra [N, 2, F, Q].
        inside: [N, Q], 1 for the bins that count.
        attenuation: bins where the estimate is quieter than the reference count 1 + attenuation
            times: what is lost of the reference weighs more than what is left of other sounds.
    """
    target, target_magnitude = compress(reference, _EXPONENT)
    found, found_magnitude = compress(estimate, _EXPONENT)
    # A mean per clip first: the loss of a batch is then the mean over its parts, however many
    # processes share it.
    share = (inside / inside.sum(1, keepdim=True) / reference.shape[2])[:, None, None]
    if attenuation:
        quieter = (found_magnitude < target_magnitude).to(share.dtype)
        share = share * (1.0 + attenuation * quieter)
    magnitude = ((found_magnitude - target_magnitude).square() * share).sum((1, 2, 3)).mean()
    return magnitude, ((found - target).square() * share).sum((1, 2, 3)).mean()
