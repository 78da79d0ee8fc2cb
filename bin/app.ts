import { buildStage, runApp } from '../lib/app';
import { environmentOf } from '../lib/context';

runApp((app) => buildStage(app, environmentOf(app.node.getAllContext())));
