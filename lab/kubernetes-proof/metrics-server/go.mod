// A module of its own: built with the libraries of a later Kubernetes, it panics at start ("unable to get openapi models").
module kumiki/lab/kubernetes-proof/metrics-server

go 1.24.4

require sigs.k8s.io/metrics-server v0.8.0
