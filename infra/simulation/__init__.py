"""One account's life from a scenario file: pure domain and pure views, no server, no clock.

Reading order: document (JSON, with the place of what is wrong in it), scenario (what it means), life (what the domain made of it), figures (that as JSON), timeline (that
for people).
"""
