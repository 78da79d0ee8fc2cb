import { App, Stack } from 'aws-cdk-lib';
import { buildStage } from '../../lib/app';
import { environmentOf } from '../../lib/context';
import { ServiceConfig } from '../../lib/environment-config';
import { SERVICES_PER_LOAD_BALANCER } from '../../lib/limits';

/** Synthesizes the sandbox with the number of services in the argument, and prints CPU time, memory and resources as JSON. */
const count = Number(process.argv[2]);
const before = process.cpuUsage();
const app = new App({ builtinCloudFormationValidation: false });
const { services, ...sandbox } = environmentOf({ environment: 'sandbox' });
const further = Array.from({ length: count - services.length }, (_, index): ServiceConfig => {
  const name = `service-${index}`;
  return {
    name,
    image: { from: 'source', directory: 'container' },
    priority: 1_000 * Math.floor((index + services.length) / SERVICES_PER_LOAD_BALANCER) + 300 + index,
    routes: [{ path: `/${name}/{id}`, query: ['page'], cache: 'history' }],
    minTasks: 1,
    maxTasks: 4,
    cpu: 256,
    memoryMiB: 512,
  };
});
const stage = buildStage(app, { ...sandbox, services: [...services, ...further] });
const assembly = app.synth();
const resources = Object.fromEntries(
  stage.node.children
    .filter(Stack.isStack)
    .map((stack) => [
      stack.node.id,
      Object.keys(assembly.getStackArtifact(stack.artifactId).template.Resources ?? {}).length,
    ]),
);
const { user, system } = process.cpuUsage(before);
const seconds = (user + system) / 1_000_000;
// The process runs with --expose-gc: unlike the peak, the live heap does not depend on the time of garbage collections.
globalThis.gc?.();
const heap = process.memoryUsage().heapUsed / 2 ** 20;
console.log(JSON.stringify({ seconds, heap, peak: process.resourceUsage().maxRSS / 1_024, resources }));
