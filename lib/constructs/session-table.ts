// Kumiki 0.2.0, session-table.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface SessionTableProps {
  /** Back up the table so that any second of the last 35 days can be restored; billed by the table's size. @default true */
  readonly pointInTimeRecovery?: boolean;
  /** Customer managed key that encrypts the table; each use is billed. @default a key that DynamoDB owns, free of charge */
  readonly encryptionKey?: kms.IKey;
  /** Removal policy of the table. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A table for sessions. Connections and the items of each connection share one table with the keys `pk` and `sk`
 * (strings). The table has no index, so items that belong together are written in one transaction, and every read can be
 * strongly consistent.
 *
 * - Capacity is on demand: sessions come in waves, and an unused table costs its storage only.
 * - The table is always encrypted at rest.
 * - Deletion protection is off because CloudFormation could not roll back a failed create with it. `removalPolicy`, and
 *   termination protection of the stack, keep the table.
 * - DynamoDB deletes items free of charge within a few days after `expiresAt` (seconds since 1970), so readers compare
 *   `expiresAt` with the clock.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
 *
 * @example
 * ```ts
 * const sessions = new SessionTable(this, 'Sessions', { removalPolicy: RemovalPolicy.DESTROY });
 * sessions.grantItems(live);
 * sessions.grantQuery(live);
 * ```
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

  /** Grants reads and writes of items by their key, also within transactions. */
  grantItems(grantee: iam.IGrantable): iam.Grant {
    // DynamoDB uses a customer managed key with the rights of the caller.
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
    return this.table.grant(
      grantee,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
    );
  }

  /** Grants queries of one partition. No grant for Scan: it would read every session to find a few. */
  grantQuery(grantee: iam.IGrantable): iam.Grant {
    this.table.encryptionKey?.grantDecrypt(grantee);
    return this.table.grant(grantee, 'dynamodb:Query');
  }
}
