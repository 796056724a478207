import numpy as np
import pytest

from models.arrays import ArraySink, ArraySource, array_info
from models.restoration.metrics import intensity_range, psnr_fit
from models.smoothing.baselines import baselines


@pytest.fixture(scope="module")
def pair():
    y, x = np.mgrid[:96, :96] / 9
    truth = (100 + 40 * np.sin(x) * np.cos(y)).astype(np.float32)
    return truth + 15 * np.random.default_rng(0).standard_normal(truth.shape).astype(np.float32), truth


def test_every_filter_stands_there_blind_and_with_the_truth(pair):
    low, truth = pair
    found = {b.key: b for b in baselines(low, truth, 1)}
    assert set(found) == {
        "input", "gaussian", "gaussian_with_truth", "nlm", "nlm_with_truth", "tv", "tv_with_truth",
    }  # fmt: skip
    data_range = intensity_range(truth)
    for method in ("gaussian", "nlm", "tv"):
        informed = psnr_fit(truth, found[f"{method}_with_truth"].image, data_range)
        blind = psnr_fit(truth, found[method].image, data_range)
        assert informed >= blind - 1e-6
        assert blind > psnr_fit(truth, low, data_range) + 3
        assert (found[method].tuned, found[f"{method}_with_truth"].tuned) == ("blind", "truth")


def test_enlarging_methods_have_the_size_of_the_truth(pair):
    _, truth = pair
    low = truth.reshape(48, 2, 48, 2).mean(axis=(1, 3))
    found = {b.key: b.image for b in baselines(low, truth, 2)}
    assert {"nearest", "bilinear", "bicubic", "lanczos"} < set(found)
    assert all(image.shape == truth.shape for image in found.values())
    data_range = intensity_range(truth)
    assert psnr_fit(truth, found["bicubic"], data_range) > psnr_fit(truth, found["nearest"], data_range) + 3


def test_an_array_is_an_image():
    pixels = np.arange(2 * 3 * 4 * 5 * 6, dtype=np.uint16).reshape(2, 3, 4, 5, 6)
    source = ArraySource(pixels)
    sink = ArraySink(source.info)
    region = source.info.plane(1, 2, 3)
    sink.write(region, source.read(region))
    sink.flush()
    source.close()
    assert np.array_equal(sink.pixels[1, 2, 3], pixels[1, 2, 3])
    assert sink.pixels[0].sum() == 0
    with pytest.raises(ValueError):
        array_info(pixels[0])
