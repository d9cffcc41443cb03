"""stub while the rest is tried"""
def state_variations(load, parameters, seed, most):
    return iter(())
