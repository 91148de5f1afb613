"""Are dead connections noticed and removed, and live ones kept?"""
