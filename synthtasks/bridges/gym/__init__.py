"""Ten tasks of Reasoning Gym under the laws of foreign tasks (`pip install synthtasks[reasoning-gym,laws]`).

python -m synthtasks.bridges.gym           # says what the kept table found
python -m synthtasks.bridges.gym --again   # makes it anew with the installed version, in a minute or two
"""
