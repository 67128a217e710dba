"""The transitions of a model as a NetworkX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from corrigible.mdp.model import MDP

if TYPE_CHECKING:
    import networkx


def to_networkx(mdp: MDP) -> networkx.MultiDiGraph[Any]:
    """Return the transitions as a directed graph with parallel edges.

    Returns
    -------
    networkx.MultiDiGraph
        The nodes are the labels of the states, in their order, with ``terminal`` (true or false)
        and, where the model has a starting distribution, ``initial`` (a probability). Each
        transition is an edge with ``action`` (a label) and ``probability``.
    """
    import networkx

    graph = cast("Any", networkx.MultiDiGraph())
    initial = None if mdp.initial is None else mdp.initial.tolist()
    for number, (state, end) in enumerate(zip(mdp.states, mdp.terminal.tolist(), strict=True)):
        graph.add_node(state, terminal=end)
        if initial is not None:
            graph.nodes[state]["initial"] = initial[number]
    sources = mdp.origin.tolist()
    actions = np.repeat(mdp.action_index, np.diff(mdp.row_offset)).tolist()
    for source, action, target, probability in zip(
        sources, actions, mdp.successor.tolist(), mdp.probability.tolist(), strict=True
    ):
        graph.add_edge(
            mdp.states[source],
            mdp.states[target],
            action=mdp.action_names[action],
            probability=probability,
        )
    return graph
