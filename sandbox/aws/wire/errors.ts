/** An answer other than success, with the code that clients see. */
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

/** The connection breaks instead of an answer. */
export class ConnectionReset extends Error {}

/** The answer never comes. */
export class NoAnswer extends Error {}
