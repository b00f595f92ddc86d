#!/usr/bin/env python3
"""What does a newcomer call? ``python3 run.py demo|test|bench|up``."""
