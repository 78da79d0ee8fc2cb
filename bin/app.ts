import { App } from 'aws-cdk-lib';
import { environment } from '../lib/environments';

environment('sandbox');
new App();
