/** A call to AWS in CloudTrail's event history, made by the role session of an instance. Texts are untrusted input. */
export interface RecordedCall {
  readonly at: Date;
  /** The service without its domain, such as `ec2`. */
  readonly service: string;
  /** The version of IMDS that delivered the credentials: `1.0` or `2.0`; absent if not recorded. */
  readonly delivery?: string;
  readonly userAgent: string;
  /** An IP address, or the name of a service. */
  readonly sourceAddress: string;
  readonly vpcEndpointId?: string;
}
