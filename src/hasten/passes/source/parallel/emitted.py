"""What rewritten programs carry: joblib and the standard library, never hasten."""

from __future__ import annotations

IMPORTS = (
    "import contextlib\n",
    "import io\n",
    "import itertools\n",
    "import random\n",
    "import sys\n",
    "import warnings\n",
    "import joblib\n",
)

HELPERS = '''

def _side_by_side(step, rounds):
    """An iterator over `step(*given)` for each of `rounds`, which do not depend on each other.

    joblib does them in other processes: how many, and where, is what `joblib.parallel_config` says. A round that fails,
    warns, prints, draws from a global random stream or cannot be sent has all of them done here, one by one, as asked
    for.
    """
    n_jobs = min(joblib.effective_n_jobs(-1), len(rounds))
    if n_jobs > 1:
        unseen = joblib.delayed(_unseen)
        filters = list(warnings.filters)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of joblib's own: that it had to start a process again
                parallel = joblib.Parallel(n_jobs=n_jobs, mmap_mode="c")
                return iter(parallel(unseen(step, given, filters) for given in rounds))
        except Exception:
            pass  # it comes again below, where it came before
    return itertools.starmap(step, rounds)


def _unseen(step, given, filters):
    """step(*given) in a worker. Raises when that would show, or could depend on the process that does it."""
    drawn = _random_streams()
    shown = io.StringIO()
    numpy = sys.modules.get("numpy")
    if numpy is not None:  # joblib shares large arrays through files
        given = [numpy.asarray(x) if type(x) is numpy.memmap else x for x in given]
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        with warnings.catch_warnings(record=True) as warned, joblib.parallel_config("sequential"):
            warnings.filters[:] = filters
            result = step(*given)
    if warned or shown.getvalue() or _random_streams() != drawn:
        raise RuntimeError("this round must be done in the program itself")
    return result


def _random_streams():
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return random.getstate()
    name, keys, *rest = numpy.random.get_state()
    return random.getstate(), name, keys.tobytes(), rest


'''
