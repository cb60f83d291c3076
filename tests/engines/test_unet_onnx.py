"""The U-Nets' rearranged kernels against the convolutions they stand for, from their definitions."""

import numpy as np

from engines.spleeter import unet as unet_onnx


def transposed(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Transposed 5x5 convolution of stride 2, padding "same", from its definition: (h, w, in) to (2h, 2w, out)."""
    height, width, _ = image.shape
    out = np.zeros((2 * height + 3, 2 * width + 3, kernel.shape[2]))
    for y, x in np.ndindex(height, width):
        out[2 * y : 2 * y + 5, 2 * x : 2 * x + 5] += kernel @ image[y, x]
    return out[1:-2, 1:-2]


def convolved(image: np.ndarray, kernel: np.ndarray, pads: list[int], stride: int = 1) -> np.ndarray:
    """ONNX's Conv from its definition: (h, w, in) with (out, in, ky, kx); pads are top, left, bottom, right."""
    padded = np.pad(image, ((pads[0], pads[2]), (pads[1], pads[3]), (0, 0)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(0, 1))[::stride, ::stride]
    return np.einsum("hwiyx,oiyx->hwo", patches, kernel)


def unblocked(blocks: np.ndarray, size: int) -> np.ndarray:
    """(h, w, size * size * c) to (size * h, size * w, c)."""
    height, width, _ = blocks.shape
    parts = blocks.reshape(height, width, size, size, -1)
    return parts.transpose(0, 2, 1, 3, 4).reshape(size * height, size * width, -1)


def blocked(image: np.ndarray, size: int) -> np.ndarray:
    height, width, channels = image.shape
    parts = image.reshape(height // size, size, width // size, size, channels)
    return parts.transpose(0, 2, 1, 3, 4).reshape(height // size, width // size, -1)


def test_phases_are_the_transposed_convolution():
    random = np.random.default_rng(1)
    image, kernel = random.standard_normal((6, 8, 3)), random.standard_normal((5, 5, 2, 3))
    phases = [
        convolved(image, unet_onnx.phase_kernel(kernel, row, column), [1, 1, row, column])
        for row, column in np.ndindex(2, 2)
    ]
    np.testing.assert_allclose(unblocked(np.concatenate(phases, axis=2), 2), transposed(image, kernel), atol=1e-6)


def test_blocks_and_folded_phases_are_the_transposed_convolution():
    random = np.random.default_rng(2)
    image, kernel = random.standard_normal((8, 12, 3)), random.standard_normal((5, 5, 1, 3))
    blocks = unet_onnx.block_kernel(kernel)
    wanted = transposed(image, kernel)
    np.testing.assert_allclose(unblocked(convolved(image, blocks, [1] * 4, stride=2), 4), wanted, atol=1e-5)
    folded = convolved(blocked(image, 2), unet_onnx.fold_phases(blocks), [1] * 4)
    np.testing.assert_allclose(unblocked(folded, 4), wanted, atol=1e-5)


def test_blocked_dilation_is_the_dilated_convolution():
    random = np.random.default_rng(3)
    image, kernel = random.standard_normal((8, 12, 1)), random.standard_normal((4, 4, 1, 2))
    spread = np.zeros((2, 1, 7, 7))
    spread[:, :, ::2, ::2] = kernel.transpose(3, 2, 0, 1)
    found = convolved(blocked(image, 4), unet_onnx.blocked_dilated_kernel(kernel), [1] * 4)
    np.testing.assert_allclose(unblocked(found, 4), convolved(image, spread, [3] * 4), atol=1e-5)
