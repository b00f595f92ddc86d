"""What can be seen and done in the admin about records, documents, problems and the trail?"""

from audit.admin import dashboard, flows, postings, problems, records, trail, work

__all__ = ["dashboard", "flows", "postings", "problems", "records", "trail", "work"]
