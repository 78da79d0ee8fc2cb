import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface SessionTableProps {
  /** Whether any second of the last 35 days can be restored; billed by the size of the table. @default true */
  readonly pointInTimeRecovery?: boolean;
  /** Key of your own that the table is encrypted with; each use of it is billed. @default a key that DynamoDB owns, free */
  readonly encryptionKey?: kms.IKey;
  /** What becomes of the table when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A table for sessions: connections and what belongs to each in one table with the keys `pk` and `sk` (strings), and
 * no index, so that all that is written together can be one transaction and every read a consistent one.
 *
 * - On demand: sessions come in waves, and a table that nobody uses costs its storage only.
 * - Always encrypted at rest.
 * - Without deletion protection, with which CloudFormation could not take back a create that failed. What keeps the table
 *   is `removalPolicy`, and termination protection of its stack.
 * - Items go some time after `expiresAt` (seconds since 1970), which DynamoDB does for free and within a few days:
 *   readers compare it with the clock.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 */
export class SessionTable extends Construct {
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string, props: SessionTableProps = {}) {
    super(scope, id);
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      encryptionKey: props.encryptionKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: props.pointInTimeRecovery ?? true },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  /** Reads and writes of items that are named, transactions of them among these. */
  grantItems(grantee: iam.IGrantable): iam.Grant {
    return this.table.grant(
      grantee,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
  }

  /** Queries of one partition. Nobody is to scan: that reads all sessions to find some. */
  grantQuery(grantee: iam.IGrantable): iam.Grant {
    return this.table.grant(grantee, 'dynamodb:Query');
  }
}
