"""Stand-ins that keep the ports' promises without the world behind them: for fast tests and `galeria serve --fake`."""
