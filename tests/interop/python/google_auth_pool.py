"""A job that exchanges its platform's token by google-auth, as the credentials file says."""

from conversation import learn, told
from google.auth import identity_pool
from google.auth.transport.requests import Request

credentials = identity_pool.Credentials.from_info(told["credentials"], scopes=told["scopes"])
credentials.refresh(Request())
first = credentials.token
credentials.refresh(Request())

learn(tokens=[first, credentials.token], valid=credentials.valid)
