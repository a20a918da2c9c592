"""REST and gRPC clients with the same interface, and the records they return."""

from hanlib.serving.client.answers import Prediction
from hanlib.serving.client.errors import ServingError
from hanlib.serving.client.grpc import GrpcClient
from hanlib.serving.client.rest import RestClient

__all__ = ["GrpcClient", "Prediction", "RestClient", "ServingError"]
