"""Write model.npz: a walk of four states, as a transition tensor of shape (states, actions, states)."""

import numpy as np

T = np.zeros((4, 2, 4))
for state in range(4):
    T[state, 0, max(state - 1, 0)] = 1.0
    T[state, 1, min(state + 1, 3)] = 0.9
    T[state, 1, state] += 0.1

if __name__ == "__main__":
    np.savez("model.npz", transitions=T, actions=np.array(["left", "right"]))
