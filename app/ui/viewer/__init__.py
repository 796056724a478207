"""Looking at images: state, plan, loader, canvas."""
