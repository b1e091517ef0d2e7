"""The history as one argument: the problem that each network met, and what it changed."""

from __future__ import annotations

from cvnotes.introduction import timeline

#: name in the register: the problem, the change
STORY = {
    "lenet-5": ("a dense net needs a weight for every pixel", "small shared filters, and maps that shrink"),
    "alexnet": ("a million photographs, and nets that learn too slowly", "ReLU, dropout, two graphics cards, width"),
    "zfnet": ("the first layer of AlexNet steps over detail", "a smaller window, a shorter step"),
    "network-in-network": ("a filter is linear; dense layers own most weights", "1 x 1 layers, and a mean as head"),
    "vgg-16": ("which size of window?", "one size, 3 x 3, and more of it"),
    "googlenet": ("which size of window, at what price?", "all sizes side by side, narrowed by 1 x 1"),
    "resnet-50": ("deeper plain nets train worse", "each block adds to what it was given"),
    "squeezenet-1.0": ("too many weights to send over a network", "squeeze by 1 x 1, then expand"),
    "densenet-121": ("features are made again and again", "every layer reads all before it"),
    "senet-154": ("all channels weigh the same in every picture", "a gate for each channel, from the picture"),
    "efficientnet-b0": ("grow depth, width or pictures?", "all three together, from a small net that was searched"),
}


def rows() -> list[list[str]]:
    """List name, paper and year, problem and change of each network; the paper is read from its builder.

    Chapter: architectures.
    """
    papers = {name: timeline.origin(name) for name in STORY}
    return [[name, f"{papers[name][0]} ({papers[name][1]})", *words] for name, words in STORY.items()]
