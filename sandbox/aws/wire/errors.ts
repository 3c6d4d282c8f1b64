/** An error response of a service, with its error code. */
export class ApiError extends Error {
  public readonly code: string;
  public readonly status: number;

  public constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
  }
}

/** The connection is reset instead of a response. */
export class ConnectionReset extends Error {}

/** No response is ever sent. */
export class NoAnswer extends Error {}
