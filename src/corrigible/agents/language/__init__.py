"""Language models, on Inspect: the face of a world as an Inspect task, and the model as an agent.

Inspect runs the episodes, with its scheduler, approvers, limits and logs; what is scored is the state of
the world. Nothing here is imported unless a language model is audited (extra ``llm``).
"""
