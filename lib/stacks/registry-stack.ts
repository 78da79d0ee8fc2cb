import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { ImageRepository } from '../constructs/image-repository';
import { EnvironmentStackProps } from '../environment-config';

/** The repository alone: an image is built or chosen by the stack that runs it, so that a new one changes its template. */
export class RegistryStack extends Stack {
  readonly repository: ecr.IRepository;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { repository } = new ImageRepository(this, 'Images', {
      removalPolicy: props.removalPolicy,
    });
    this.repository = repository;

    new CfnOutput(this, 'RepositoryName', { value: repository.repositoryName, description: 'Image repository' });
    new CfnOutput(this, 'RepositoryUri', { value: repository.repositoryUri, description: 'docker push goes here' });
  }
}
