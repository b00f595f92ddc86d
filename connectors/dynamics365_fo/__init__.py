"""How does the project speak with Microsoft Dynamics 365 Finance & Operations?"""
