"""``python -m cvnotes.experiments``: the command behind ``make results``."""

from cvnotes.experiments.runner import main

raise SystemExit(main())
