"""The real photographs that come inside scikit-image and scikit-learn, read straight from the installed packages."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from cvnotes.checks import whole

#: Our name: package, file inside it, what it shows, and where it comes from.
PHOTOS: dict[str, tuple[str, str, str, str]] = {
    "astronaut": ("skimage", "data/astronaut.png", "Eileen Collins in front of a shuttle model", "NASA, public domain"),
    "bricks": ("skimage", "data/brick.png", "a brick wall, gray, as a texture", "CC0Textures, CC0"),
    "cat": ("skimage", "data/chelsea.png", "Chelsea, a tabby cat, face to face", "S. van der Walt, CC0"),
    "cell": ("skimage", "data/cell.png", "one cell under a phase microscope, gray", "P. Müller and others, CC0"),
    "clock": ("skimage", "data/clock_motion.png", "a clock blurred by motion, gray", "S. van der Walt, public domain"),
    "coffee": ("skimage", "data/coffee.png", "a cup of espresso on a wooden table", "R. Michetti, CC0"),
    "coins": (
        "skimage",
        "data/coins.png",
        "24 Greek coins from Pompeii, gray",
        "Brooklyn Museum, no known restriction",
    ),
    "flower": ("sklearn", "datasets/images/flower.jpg", "an orange dahlia", "vultilion, CC BY 2.0"),
    "galaxies": ("skimage", "data/hubble_deep_field.jpg", "far galaxies on black", "NASA, public domain"),
    "grass": ("skimage", "data/grass.png", "a lawn from above, gray, as a texture", "scikit-image, CC0"),
    "gravel": ("skimage", "data/gravel.png", "small stones, gray, as a texture", "CC0Textures, CC0"),
    "moon": ("skimage", "data/moon.png", "craters of the moon, low contrast, gray", "NASA, public domain"),
    "page": ("skimage", "data/page.png", "a printed page in uneven light, gray", "scikit-image"),
    "pagoda": ("sklearn", "datasets/images/china.jpg", "a pagoda above a lake", "danielbuechele, CC BY 2.0"),
    "photographer": ("skimage", "data/camera.png", "a man with a camera on a tripod, gray", "L. Varshney, CC0"),
    "retina": ("skimage", "data/retina.jpg", "the back of an eye, with its blood vessels", "M. Häggström, CC0"),
    "rocket": ("skimage", "data/rocket.jpg", "a rocket on its pad at night", "SpaceX, public domain"),
    "text": ("skimage", "data/text.png", "handwritten words, slanted, gray", "scikit-image, public domain"),
    "tissue": (
        "skimage",
        "data/ihc.png",
        "stained tissue under a microscope",
        "C. for Microscopy and Molecular Imaging",
    ),
}


def photo_names() -> tuple[str, ...]:
    """The names that ``photo`` knows, in the order of the alphabet."""
    return tuple(PHOTOS)


def photo(name: str, *, size: int | None = None, gray: bool = False) -> np.ndarray:
    """A real photograph as float32 (height, width, 3), or (height, width, 1) in gray, with values in [0, 1].

    Args:
        name: one of ``photo_names()``.
        size: None for the original, or height and width in pixels: the largest square from the middle, scaled.
        gray: weigh red, green and blue by 0.299, 0.587, 0.114. Pictures that are gray by nature have three equal
            channels otherwise.

    Raises:
        ValueError: for an unknown name or a size below 1. FileNotFoundError: if an installed package lacks the file.
    """
    from PIL import Image

    if not isinstance(name, str) or name not in PHOTOS:
        raise ValueError(f"There is no photo of that name. Known: {', '.join(PHOTOS)}. Received: {name!r}")
    size = None if size is None else whole("size", size, 1)
    with Image.open(photo_path(name)) as picture:
        picture = picture.convert("RGB").convert("L" if gray else "RGB")
    if size is not None:
        picture = picture.resize((size, size), Image.Resampling.LANCZOS, box=middle_square(picture.size))
    pixels = np.asarray(picture, dtype=np.float32) / np.float32(255)
    return pixels.reshape(*pixels.shape[:2], -1)


def middle_square(extent: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the largest square in the middle of a picture of (width, height)."""
    width, height = extent
    side = min(extent)
    return (width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2


def photo_path(name: str) -> Path:
    """Where the file of a photo lies in the installed package; nothing is imported and nothing is fetched."""
    package, file, *_ = PHOTOS[name]
    path = Path(find_spec(package).origin).parent / file
    if not path.exists():
        raise FileNotFoundError(f"The installed {package} does not bring {file}; the pinned version does.")
    return path


def faces() -> tuple[np.ndarray, np.ndarray]:
    """100 small faces and 100 patches that are none: float32 (200, 25, 25, 1) in [0, 1], labels (200,) 1 for a face.

    Source: the subset of Labeled Faces in the Wild that comes inside scikit-image.
    """
    path = Path(find_spec("skimage").origin).parent / "data" / "lfw_subset.npy"
    pixels = np.load(path, allow_pickle=False).astype(np.float32)
    return pixels[..., None], np.repeat([1, 0], 100)
