/**
 * Types of Kubernetes objects. The package has ES modules only, whose types a CommonJS module imports in this form. Nothing
 * of the package is loaded.
 */
export type Deployment = import('kubernetes-models/apps/v1/Deployment', { with: {
  'resolution-mode': 'import',
}}).IDeployment;
export type HorizontalPodAutoscaler = import('kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler', { with: {
  'resolution-mode': 'import',
}}).IHorizontalPodAutoscaler;
export type Job = import('kubernetes-models/batch/v1/Job', { with: { 'resolution-mode': 'import' }}).IJob;
export type Event = import('kubernetes-models/v1/Event', { with: { 'resolution-mode': 'import' }}).IEvent;
export type Node = import('kubernetes-models/v1/Node', { with: { 'resolution-mode': 'import' }}).INode;
export type Pod = import('kubernetes-models/v1/Pod', { with: { 'resolution-mode': 'import' }}).IPod;
export type PodSpec = import('kubernetes-models/v1/PodSpec', { with: { 'resolution-mode': 'import' }}).IPodSpec;
export type Service = import('kubernetes-models/v1/Service', { with: { 'resolution-mode': 'import' }}).IService;
