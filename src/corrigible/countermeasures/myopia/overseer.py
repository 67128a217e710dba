"""What an overseer wants of a case, as far as it can be computed: by it steps are approved of."""

from __future__ import annotations

import numpy as np

from corrigible.countermeasures.case import Case


def wanted(case: Case) -> np.ndarray:
    """Return what each transition is worth to an overseer who knows the place; floats of shape
    (transitions,).

    In a level the published hidden performance: what its designers meant. Elsewhere what the task pays, less
    for a behaviour that nobody authorised more than all that could be paid in as many steps and at the end::

        w(s, a, s') = paid(s, a, s') − c · [unauthorised],   c = 2 · horizon · max(largest |paid|, 1)

    Notes
    -----
    This is the *best* overseer. One who knows less, or looks less far, makes what rests on approval worse.
    """
    if case.performance is not None:
        return case.performance
    charge = 2.0 * case.horizon * max(1.0, float(np.abs(case.paid).max()), float(np.abs(case.resting).max()))
    return case.paid - charge * case.unauthorised
