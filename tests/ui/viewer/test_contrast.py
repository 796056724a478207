from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.images.open import open_image
from app.ui.viewer.composite import Look, add_saturated, composite
from app.ui.viewer.contrast import as_rgb, auto_contrast, histogram, kind_of, percentiles, ramp
from app.ui.viewer.luts import NAMES, brightest, default_luts, lut_for_colour, table
from app.ui.viewer.state import Contrast

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]


def channels_of(packed):
    """Red, green and blue, (h, w, 3)."""
    return as_rgb(packed)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_pixel_type_is_drawn_by_its_values(dtype):
    plane = np.array([[0, 1]]).astype(dtype)
    drawn = channels_of(composite([plane], [Look("Grays", Contrast(0, 1))]))
    assert drawn[0, 0].tolist() == [0, 0, 0]
    assert drawn[0, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
def test_drawing_agrees_with_the_formula(dtype):
    plane = np.arange(100).reshape(10, 10).astype(dtype)
    contrast = Contrast(20, 80, 0.7)
    wanted = np.rint(ramp(plane.astype(float), contrast) * 255)
    drawn = channels_of(composite([plane], [Look("Grays", contrast)]))[..., 0]
    assert np.abs(drawn - wanted).max() <= 1


def test_negative_values_are_drawn():
    plane = np.array([[-100, 0, 100]], np.int16)
    drawn = channels_of(composite([plane], [Look("Grays", Contrast(-100, 100))]))
    assert drawn[0, :, 0].tolist() == [0, 128, 255]


def test_what_is_no_number_is_drawn_dark_and_infinity_bright():
    plane = np.array([[np.nan, -np.inf, np.inf]], np.float32)
    drawn = channels_of(composite([plane], [Look("Grays", Contrast(0, 1))]))
    assert drawn[0, :, 0].tolist() == [0, 0, 255]


@given(hnp.arrays(np.uint8, (7, 4)), hnp.arrays(np.uint8, (7, 4)))
def test_colours_add_up_to_white_and_no_further(one, other):
    total, more = one.copy().view(np.uint32)[:, 0], other.view(np.uint32)[:, 0]
    add_saturated(total, more)
    wanted = np.minimum(one.astype(int) + other, 255)
    assert np.array_equal(total.view(np.uint8).reshape(7, 4)[:, :3], wanted[:, :3])


def test_two_channels_where_both_are_bright_are_white():
    bright = np.full((300, 500), 1000, np.uint16)
    looks = [Look("Cyan", Contrast(0, 1000)), Look("Magenta", Contrast(0, 1000))]
    assert (channels_of(composite([bright, bright], looks)) == 255).all()


def test_a_view_of_a_larger_array_is_drawn_like_a_copy():
    plane = np.arange(400, dtype=np.uint16).reshape(20, 20)[::2, 3:11]
    look = [Look("Fire", Contrast(0, 400))]
    assert np.array_equal(composite([plane], look), composite([plane.copy()], look))


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_a_swatch(name):
    assert brightest(name).startswith("#")


def test_two_channels_begin_in_cyan_and_magenta():
    assert default_luts(1) == ("Grays",)
    assert default_luts(2) == ("Cyan", "Magenta")


@given(st.integers(1, 5))
def test_red_is_never_a_default(count):
    assert "Red" not in default_luts(count)


def test_a_colour_of_the_file_is_known_by_its_name():
    assert lut_for_colour("#00FF00") == "Green"
    assert lut_for_colour("#ff8800") == "#ff8800"
    assert table("#ff8800")[-1].tolist() == [255, 136, 0]


def test_auto_contrast_is_not_led_astray_by_a_few_hot_pixels():
    plane = np.random.default_rng(0).normal(100, 10, (512, 512)).astype(np.float32)
    plane[:10, :10] = 60000
    found = auto_contrast(plane)
    assert 60 < found.low < 80
    assert 120 < found.high < 140


def test_black_margins_do_not_count_for_auto_contrast():
    plane = np.random.default_rng(0).normal(200, 10, (512, 512)).astype(np.uint16)
    plane[:, :40] = 0
    assert auto_contrast(plane).low > 150


def test_zeros_that_belong_to_the_signal_do_count():
    plane = np.random.default_rng(0).poisson(0.5, (512, 512)).astype(np.uint8)
    plane[:100] += 100
    assert auto_contrast(plane).low == 0


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan, np.inf])
def test_auto_contrast_of_a_flat_plane_has_a_width(value):
    found = auto_contrast(np.full((5, 5), value, np.float32))
    assert found.low < found.high


def test_a_colour_picture_gets_one_contrast_for_its_three_channels():
    dark, bright = np.full((50, 50), 10, np.uint8), np.full((50, 50), 200, np.uint8)
    assert auto_contrast(dark, bright) == Contrast(10, 200)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_histogram_counts_every_pixel(dtype):
    plane = np.arange(100).reshape(10, 10).astype(dtype)
    found = histogram(plane)
    assert found.counts.sum() == 100
    assert found.low <= float(plane.min()) + found.width
    assert found.high >= float(plane.max()) - found.width


def test_the_share_cut_off_is_exact_for_whole_numbers():
    found = histogram(np.arange(100, dtype=np.uint16).reshape(10, 10))
    assert found.shares_outside(Contrast(5, 89)) == (0.05, 0.1)


def test_extreme_whole_numbers_are_counted_too():
    plane = np.array([[np.iinfo(np.int16).min, np.iinfo(np.int16).max]], np.int16)
    assert histogram(plane).counts.sum() == 2
    assert histogram(np.array([[0, 2**32 - 1]], np.uint32)).counts.sum() == 2


# What an image is


def cells_on_dark(dtype=np.uint16):
    plane = np.random.default_rng(0).normal(200, 12, (256, 256))
    plane[60:120, 80:150] += 900
    return plane.astype(dtype)


def test_few_bright_structures_on_a_dark_ground_are_fluorescence():
    assert kind_of(cells_on_dark()) == "fluorescence"


def test_a_bright_ground_is_brightfield():
    assert kind_of(4000 - cells_on_dark()) == "brightfield"


def test_margins_do_not_make_an_image_bright():
    plane = cells_on_dark()
    plane[:, 150:] = 0
    assert kind_of(plane) == "fluorescence"


@pytest.mark.parametrize(
    "values", [np.zeros((0, 0)), np.zeros((3, 3)), np.full((9, 9), 7.0), np.full((9, 9), np.nan)]
)
def test_what_shows_nothing_is_taken_for_fluorescence(values):
    assert kind_of(values) == "fluorescence"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("actin_noisy.ome.tif", "fluorescence"),
        ("nuclei_field.ome.tif", "fluorescence"),
        ("hippocampal_neuron.ome.tif", "fluorescence"),
        ("yeast_mitochondria_3d_timelapse.ome.tif", "fluorescence"),
        ("em_mitochondria_er.ome.tif", "brightfield"),
        ("fibsem_neuropil_stack.ome.tif", "brightfield"),
    ],
)
def test_every_plane_of_the_samples_is_known_for_what_it_is(name, kind):
    assert kinds_in(Path("resources/samples") / name) == {kind}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("actin_clean.ome.tif", "fluorescence"),
        ("cell_dna_microtubules_actin.ome.tif", "fluorescence"),
        ("hela_lysosomes_mitochondria_nuclei.ome.tif", "fluorescence"),
        ("schwann_cells_dapi_er_actin.ome.tif", "fluorescence"),
        ("skin_histology_rgb.png", "brightfield"),
    ],
)
def test_every_plane_of_larger_samples_is_known_for_what_it_is(data_dir, name, kind):
    assert kinds_in(data_dir / "samples" / name) == {kind}


def kinds_in(path):
    """What each plane of a file is taken for."""
    source = open_image(path)
    times, channels, depth = source.info.shape[:3]
    regions = [source.info.plane(t=t, c=c, z=z) for t, c, z in np.ndindex(times, channels, depth)]
    found = {kind_of(source.read(region)[0, 0, 0]) for region in regions}
    source.close()
    return found


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("level", [5, 10, 100])
def test_noise_alone_is_not_taken_for_brightfield(dtype, level):
    plane = np.random.default_rng(0).poisson(level, (256, 256)).astype(dtype)
    assert kind_of(plane) == "fluorescence"


def test_noise_does_not_hide_a_bright_ground():
    plane = np.random.default_rng(0).poisson((4000 - cells_on_dark()) / 100.0)
    assert kind_of(plane) == "brightfield"


def test_a_kind_decides_how_much_is_cut_off():
    plane = np.random.default_rng(0).normal(1000, 100, (500, 500)).astype(np.float32)
    wide, narrow = auto_contrast(plane, kind="fluorescence"), auto_contrast(plane, kind="brightfield")
    assert wide.low < narrow.low
    assert wide.high > narrow.high
    assert auto_contrast(plane) == wide  # noise around a level, with nothing bright in it


@given(hnp.arrays(np.int16, st.integers(1, 60)), st.lists(st.floats(0, 100), min_size=1, max_size=4))
def test_percentiles_are_those_of_numpy(values, wanted):
    assert np.allclose(percentiles(values, *wanted), np.percentile(values.astype(float), wanted))
