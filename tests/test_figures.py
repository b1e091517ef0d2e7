"""Figures: what they draw, what they refuse, and that they leave nothing behind."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from cvnotes import figures
from cvnotes.figures import encode

RNG = np.random.default_rng(0)
GRID = np.arange(12.0).reshape(3, 4)

DRAWN = {
    "image_grid": lambda: figures.image_grid([GRID, RNG.random((5, 7, 3))], ["ramp", "noise"]),
    "image_grid of bytes": lambda: figures.image_grid(np.zeros((3, 4, 4, 3), np.uint8)),
    "image_grid of one pixel": lambda: figures.image_grid([[[0.5]]]),
    "image_grid signed": lambda: figures.image_grid([GRID - 5, GRID[..., None]], signed=True),
    "image_grid signed zeros": lambda: figures.image_grid([np.zeros((2, 2))], signed=True),
    "overlay": lambda: figures.overlay(GRID, boxes=[[0, 0, 2, 2]], labels=["a"], masks=GRID > 5, heat=GRID),
    "overlay without boxes": lambda: figures.overlay(GRID, boxes=np.zeros((0, 4))),
    "overlay of empty and full masks": lambda: figures.overlay(GRID, masks=[GRID < 0, GRID >= 0], labels=["no", "all"]),
    "overlay of flat heat": lambda: figures.overlay(GRID, heat=np.ones((3, 4))),
    "numbers": lambda: figures.numbers(GRID, highlight=[(0, 0, 2, 2, figures.ORANGE)], cmap="viridis"),
    "numbers of one row": lambda: figures.numbers([1, 2, 3], fmt=".2f"),
    "numbers of one cell": lambda: figures.numbers([[7]]),
    "numbers of one channel": lambda: figures.numbers(GRID[..., None]),
    "sliding_window": lambda: figures.sliding_window(GRID, np.ones((2, 2)), stride=1, padding=1, step=19),
    "sliding_window in a row": lambda: figures.sliding_window(np.arange(10), [1, 1, 1], stride=2, step=3),
    "volumes": lambda: figures.volumes([(227, 227, 3), (None, 55, 55, 96), (4096,)], ["image", "conv", "dense"]),
    "volumes without labels": lambda: figures.volumes([(1, 1, 1)]),
    "curves": lambda: figures.curves([0, 1, 2], {"a": RNG.random((5, 3)), "b": [1, 2, 3]}, xlabel="x", ylabel="y"),
    "curves at one place": lambda: figures.curves([0], {"a": [[1.0]]}, xlabel="x", ylabel="y"),
    "bars": lambda: figures.bars({"a": [0.5, 0.7], "b": -1}, xlabel="x"),
}

REFUSED = {
    "no image": (lambda: figures.image_grid([]), "at least one image"),
    "empty image": (lambda: figures.image_grid([np.zeros((0, 3))]), "shape"),
    "two channels": (lambda: figures.image_grid([np.zeros((3, 3, 2))]), r"Received: \(3, 3, 2\)"),
    "nan image": (lambda: figures.image_grid([[[0, np.nan]]]), "1 of 2 values"),
    "too few titles": (lambda: figures.image_grid([GRID, GRID], ["one"]), "Received: 1 titles"),
    "boxes of three": (lambda: figures.overlay(GRID, boxes=[[0, 0, 1]]), "boxes must have the shape"),
    "masks of another size": (lambda: figures.overlay(GRID, masks=np.ones((4, 3))), "masks must have"),
    "heat of another size": (lambda: figures.overlay(GRID, heat=np.ones((3, 3))), "heat must have"),
    "infinite box": (lambda: figures.overlay(GRID, boxes=[[0, 0, np.inf, 1]]), "boxes must be finite"),
    "labels for nothing": (lambda: figures.overlay(GRID, labels=["a"]), "each of the 0 boxes"),
    "words in a grid": (lambda: figures.numbers([["a"]]), "must be numbers"),
    "empty grid": (lambda: figures.numbers([]), "must be a matrix"),
    "cube of numbers": (lambda: figures.numbers(np.ones((2, 2, 2))), "must be a matrix"),
    "kernel too large": (lambda: figures.sliding_window(GRID, np.ones((4, 4))), "must fit"),
    "stride zero": (lambda: figures.sliding_window(GRID, [[1]], stride=0), "at least 1"),
    "padding below zero": (lambda: figures.sliding_window(GRID, [[1]], padding=-1), "at least 0"),
    "step too far": (lambda: figures.sliding_window(GRID, [[1]], step=12), "from 0 to 11"),
    "no volume": (lambda: figures.volumes([]), "at least one shape"),
    "flat volume": (lambda: figures.volumes([(3, 3)]), r"Received: \(3, 3\)"),
    "volume of zero": (lambda: figures.volumes([(0, 3, 3)]), "at least 1"),
    "too many labels": (lambda: figures.volumes([(3,)], ["a", "b"]), "Received: 2 labels"),
    "no curve": (lambda: figures.curves([0], {}, xlabel="", ylabel=""), "1 to 7 series"),
    "eight curves": (lambda: figures.curves([0], {c: [1] for c in "abcdefgh"}, xlabel="", ylabel=""), "Received: 8"),
    "short curve": (lambda: figures.curves([0, 1], {"a": [1]}, xlabel="", ylabel=""), "'a' with"),
    "nan curve": (lambda: figures.curves([0], {"a": [np.nan]}, xlabel="", ylabel=""), "must be finite"),
    "no bar": (lambda: figures.bars({}, xlabel=""), "at least one bar"),
    "bar without a value": (lambda: figures.bars({"a": []}, xlabel=""), "at least one bar"),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_each_figure_draws_outside_pyplot(draw):
    fig = draw()
    assert isinstance(fig, Figure)
    picture = np.asarray(Image.open(io.BytesIO(encode.webp(fig))).convert("RGB"), dtype=int)
    width, height = encode.size(fig)
    assert width <= 100 * 7.6 + 1, "wider than the page"
    assert picture.shape[:2] == pytest.approx((2 * height, 2 * width), abs=2), "two pixels for one of the page"
    assert np.abs(picture[1, 1] - 255 * np.array(to_rgb(figures.PAPER))).max() <= 3, "not on paper"
    assert np.ptp(picture) > 30, "nothing is drawn"
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("draw", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_input_is_refused_with_a_hint(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_sliding_window_computes_what_it_writes():
    image, kernel = np.arange(16.0).reshape(4, 4), np.array([[1, 0], [0, -1]])
    (ax,) = figures.sliding_window(image, kernel, stride=2, step=3).axes
    # the last of 2 x 2 windows covers 10 11 14 15; the main diagonal is subtracted
    assert "sum −5" in texts(ax)
    assert texts(ax)[-4:] == ["−5"] * 4
    (early,) = figures.sliding_window(image, kernel, stride=2, step=1).axes
    assert texts(early)[-4:] == ["−5", "−5", "", ""], "the output is filled no further than the step"


def test_sliding_window_hatches_the_padding_only():
    (ax,) = figures.sliding_window(np.ones((3, 3)), np.ones((2, 2)), padding=1).axes
    assert sum(bool(patch.get_hatch()) for patch in ax.patches) == 25 - 9


def test_numbers_leave_out_the_sign_of_zero_and_follow_the_format():
    (ax,) = figures.numbers([[-0.0, -1.25]], fmt=".1f").axes
    assert texts(ax) == ["0.0", "−1.2"]


def test_numbers_stand_out_from_their_cells():
    (ax,) = figures.numbers(np.linspace(-1, 1, 21)[None], fmt=".1f", cmap="PuOr_r").axes
    for patch, text in zip(ax.patches, ax.texts, strict=True):
        light, dark = sorted([luminance(patch.get_facecolor()[:3]), luminance(text.get_color())], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.8


def test_numbers_draw_on_given_axes():
    fig, ax = figures.canvas(3, 3)
    assert figures.numbers(GRID, ax=ax) is fig
    assert len(ax.texts) == GRID.size


def test_images_in_the_unit_interval_are_not_stretched():
    plain, stretched = figures.image_grid([[[0.25, 0.5]], [[2.0, 4.0]]]).axes[1:]
    assert plain.images[0].get_array().tolist() == [[0.25, 0.5]]
    assert stretched.images[0].get_array().tolist() == [[0.0, 1.0]]


def test_signed_images_share_one_scale_about_zero():
    axes = figures.image_grid([[[-1.0, 2.0]], [[0.5, 0.0]]], signed=True).axes[1:3]
    assert [ax.images[0].get_clim() for ax in axes] == [(-2.0, 2.0)] * 2


def test_a_box_spans_whole_pixels():
    ax = figures.overlay(GRID, boxes=[[1, 0, 3, 2]]).axes[-1]
    x0, y0, width, height = ax.patches[-1].get_bbox().bounds
    assert (x0, y0, width, height) == (0.5, -0.5, 2, 2)


def test_volumes_write_the_exact_shapes():
    (ax,) = figures.volumes([(227, 226, 3), (None, 4096)], ["image", "dense"]).axes
    assert {"227", "226", "3", "4,096", "image", "dense"} == set(texts(ax))


def test_curves_draw_mean_and_range_and_name_each_line_apart():
    runs = np.array([[0.0, 1.0], [2.0, 5.0]])
    (ax,) = figures.curves([0, 1], {"a": runs, "b": runs + 0.01}, xlabel="x", ylabel="y").axes
    assert ax.lines[0].get_ydata().tolist() == [1.0, 3.0]
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (0.0, 5.0)
    heights = sorted(text.xy[1] for text in ax.texts)
    assert heights[1] - heights[0] > 0.3, "names touch"
    assert len({line.get_marker() for line in ax.lines}) == 2, "lines differ by colour alone"
    assert len({line.get_linestyle() for line in ax.lines}) == 2


def test_one_run_has_no_band():
    (ax,) = figures.curves([0, 1], {"a": [1, 2]}, xlabel="x", ylabel="y").axes
    assert len(ax.collections) == 0


def luminance(colour):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", [figures.INK, figures.BLUE, figures.ORANGE, figures.GREEN, figures.PURPLE])
def test_lines_stand_out_from_paper(colour):
    contrast = (luminance(figures.PAPER) + 0.05) / (luminance(colour) + 0.05)
    assert contrast >= (7 if colour == figures.INK else 3)


def test_style_is_asked_for_and_not_leaked():
    def colour():
        return mpl.rcParams["figure.facecolor"], mpl.rcParams["axes.linewidth"]

    before = colour()
    figures.curves([0, 1], {"a": [1, 2]}, xlabel="x", ylabel="y")
    assert colour() == before
    with mpl.rc_context():
        figures.use_style()
        assert colour() == (figures.PAPER, 0.7) != before


def test_a_heat_map_is_rounded_by_two_levels_of_255_at_most():
    shades = np.stack(np.meshgrid(*[np.arange(0, 256, 15, np.uint8)] * 3), -1).reshape(-1, 18, 3)
    ramp = np.stack([np.arange(256, dtype=np.uint8)] * 3, -1)[None].repeat(18, 0)
    every = np.concatenate([shades, ramp.reshape(-1, 18, 3)])
    kept = encode.rounded(every)
    assert np.abs(kept.astype(int) - every).max() == 2
    assert (kept[every == 0] == 0).all()
    assert (kept[every == 255] == 255).all()


def test_a_drawing_keeps_its_flat_colours_and_few_shades_of_its_edges():
    shades = np.arange(256, dtype=np.uint8)[:, None].repeat(3, 1)
    flat = np.full((300, 256, 3), (203, 66, 0), np.uint8)
    drawing = np.concatenate([flat, shades[None]])
    kept = encode.rounded(drawing).astype(int)
    assert np.abs(kept - drawing)[:300].max() == 2  # as in a heat map
    assert np.abs(kept - drawing)[300].max() == 10
    assert len(np.unique(kept[300], axis=0)) == 16
    assert kept[300, 0].tolist() == [0, 0, 0]
    assert kept[300, 255].tolist() == [255, 255, 255]


def test_what_is_read_back_is_the_rounded_drawing():
    fig = figures.numbers(GRID)
    drawn = encode._pixels(fig, 150)
    read = np.asarray(Image.open(io.BytesIO(encode.webp(fig, 150))).convert("RGB"))
    np.testing.assert_array_equal(read, encode.rounded(drawn))
    assert not np.array_equal(read, drawn)  # text has soft edges: something was rounded


def test_a_drawing_is_lossless_and_a_photograph_is_not():
    assert b"VP8L" in encode.webp(figures.numbers(GRID))[:20]
    photograph = encode.webp(figures.image_grid([RNG.random((300, 300, 3))], scale=3))
    assert b"VP8L" not in photograph[:20]


# show ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """Everything displayed, as (data, metadata)."""
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: outputs.append((data, options["metadata"])))
    return outputs


@pytest.mark.parametrize("mode", ["static", "live"])
def test_show_emits_an_image_with_words(shown, monkeypatch, mode):
    monkeypatch.setenv("CVNOTES_OUTPUT", mode)
    figures.show(figures.numbers(GRID), 'Numbers from 0 to 11, "in rows"')
    ((data, metadata),) = shown
    assert set(data) == {"text/plain", "text/html"}
    assert metadata == {}
    assert data["text/plain"] == '[figure] Numbers from 0 to 11, "in rows"'
    assert 'alt="Numbers from 0 to 11, &quot;in rows&quot;"' in data["text/html"]
    assert 'width="185" height="143"' in data["text/html"]
    assert data["text/html"].startswith('<figure class="cv-figure"><div class="cv-figure__stage"><img ')


def test_show_emits_only_words_for_tests_but_draws_all_the_same(shown, monkeypatch):
    monkeypatch.setenv("CVNOTES_OUTPUT", "text")
    figures.show(figures.numbers(GRID), "Numbers.")
    assert shown == [({"text/plain": "[figure] Numbers."}, {})]
    fig, ax = figures.canvas(2, 2)
    ax.set_title(r"$\wrong{$")
    with pytest.raises(ValueError, match="wrong"):
        figures.show(fig, "A formula that cannot be set.")


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_show_wants_words(shown, alt):
    with pytest.raises(ValueError, match="needs words"):
        figures.show(figures.numbers(GRID), alt)
    assert shown == []


def test_show_wants_a_figure(shown):
    with pytest.raises(ValueError, match="Received: Axes"):
        figures.show(figures.numbers(GRID).axes[0], "Axes.")


def test_show_closes_a_figure_of_pyplot(shown):
    fig, _ = plt.subplots()
    figures.show(fig, "Empty axes.")
    assert plt.get_fignums() == []


@pytest.mark.parametrize("wrong", [{"stride": 2.5}, {"stride": "2"}, {"padding": None}, {"step": 0.5}, {"step": True}])
def test_a_window_moves_by_whole_pixels(wrong):
    """Half a pixel was once cut off in silence, so that the picture showed another stride than asked for."""
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=f"{name} must be .*Received: {name}={value!r}"):
        figures.sliding_window(np.eye(5), np.eye(3), **wrong)


def test_curves_and_bars_want_names():
    with pytest.raises(ValueError, match=r"series must map names.*\[1, 2\]"):
        figures.curves([1, 2], [1, 2], xlabel="x", ylabel="y")
    with pytest.raises(ValueError, match=r"values must map names.*None"):
        figures.bars(None, xlabel="x")


@pytest.mark.parametrize("columns", [0, -1, 1.5])
def test_a_grid_has_whole_columns(columns):
    with pytest.raises(ValueError, match="columns must be"):
        figures.image_grid([np.zeros((2, 2))], columns=columns)


def test_a_grid_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        figures.image_grid(None)
