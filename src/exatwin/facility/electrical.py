"""Electrical components: transformers, switchgear, supplies, rectifiers, with losses that follow the load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.plant import ChainStage
from exatwin.facility.component import components
from exatwin.foundation.arrays import Float64


@components.register("switchgear")
@components.register("psu-shelf")
@components.register("intermediate-converter")
@components.register("rectifier")
@components.register("ups")
@components.register("distribution")
@components.register("transformer")
@dataclass(frozen=True)
class Converter:
    r"""Equal units that share a load; each loses a constant, a linear and a quadratic part.

    Notes
    -----
    With ``R`` the rated power of all units together and ``P`` the output,

    .. math:: P_{in} = P + p_0 R + p_1 P + p_2 P^2 / R

    so that a transformer has :math:`p_0 = P_0 / S_r` and :math:`p_2 = P_k / S_r` (at power factor one) and a
    rectifier of efficiency :math:`\eta` with a constant loss has :math:`p_1 = 1/\eta - 1`.

    References
    ----------
    IEC 60076-1 (no-load and load loss of transformers); arXiv:2410.05133 (rectifiers of Frontier).
    """

    unit_w: float
    """Rated power of one unit [W]."""
    units: int
    """Units that carry the load."""
    no_load_frac: float
    """Loss at no load over the rated power."""
    linear_frac: float
    """Loss over the load."""
    quadratic_frac: float
    """Loss that grows with the square of the load, over the rated power at rated load."""
    idle_units: int = 0
    """Spare units that are switched off."""

    @classmethod
    def sized(cls, stage: ChainStage, load_w: float) -> Self:
        """Return the units that `stage` needs for at most `load_w` [W]; a small load gets a small unit."""
        unit = min(stage.unit_w, load_w * stage.headroom)
        duty = max(1, math.ceil(load_w * stage.headroom / unit - 1e-9))
        spare = stage.spare_units + {"N": 0, "N+1": 1, "2N": duty}[stage.redundancy]
        shared = stage.spares == "share"
        return cls(
            unit_w=unit,
            units=duty + spare if shared else duty,
            idle_units=0 if shared else spare,
            no_load_frac=stage.no_load_frac,
            linear_frac=stage.linear_frac,
            quadratic_frac=stage.quadratic_frac,
        )

    @property
    def rated_w(self) -> float:
        """The rated power of the units that carry the load together [W]."""
        return self.unit_w * self.units

    def draw_w(self, load_w: ArrayLike) -> Float64:
        """Return the input power for an output power.

        Parameters
        ----------
        load_w
            Output power [W], at least 0, any shape.

        Returns
        -------
        Float64
            Input power [W] in the shape of `load_w`.

        Examples
        --------
        >>> float(Converter(2.5e6, 1, 0.001, 0.0, 0.008).draw_w(2.5e6))
        2522500.0
        """
        load = np.asarray(load_w, np.float64)
        rated = self.rated_w
        return (
            load + self.no_load_frac * rated + self.linear_frac * load + self.quadratic_frac * load**2 / rated
        )

    def output_w(self, draw_w: ArrayLike) -> Float64:
        """Return the output power for an input power: the inverse of :meth:`draw_w`, at least 0.

        Parameters
        ----------
        draw_w
            Input power [W], any shape.
        """
        given = np.asarray(draw_w, np.float64)
        rated = self.rated_w
        left = np.maximum(given - self.no_load_frac * rated, 0.0)
        slope, bend = 1.0 + self.linear_frac, self.quadratic_frac / rated
        # the root of bend P² + slope P = left, in the form that stays exact as bend goes to zero
        return 2.0 * left / (slope + np.sqrt(slope**2 + 4.0 * bend * left))
