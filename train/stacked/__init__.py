"""Stages that run as one: R networks of one shape, stacked, with one matrix product for all of them."""
