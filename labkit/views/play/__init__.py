"""The moving picture of an experiment: publisher, room, outbox, kernel, network and client, with charts below.

`pipeline` draws one instant, `strip` the moments that matter, `series` the charts, `compared` two recordings on the
same axes, and `player` shows them in a notebook. All are drawn here as SVG; play.js only applies changes.
"""
