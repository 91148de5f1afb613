"""Are dead connections closed and healthy ones kept?"""
