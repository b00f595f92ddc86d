"""What do the web servers under measurement and their sender agree on?"""

SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="  # noqa: S105 - signs nothing but the bench's messages
MOST_PER_SECOND = 6000  # messages that are signed beforehand
