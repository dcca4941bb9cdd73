"""Mutation testing of the money and access rooms: is every small error in them found by an example?"""
