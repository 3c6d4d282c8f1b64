/** What we use of saxen, which has no types of its own. https://github.com/nikku/saxen#supported-hooks */
declare module 'saxen' {
  export class Parser {
    public on(event: 'openTag', handler: (name: string, attributes: () => object) => void): this;
    public on(event: 'text', handler: (raw: string, decode: (raw: string) => string) => void): this;
    public on(event: 'closeTag' | 'cdata' | 'comment' | 'question' | 'attention' | 'warn', handler: () => void): this;
    /** @throws Error if that is not well-formed. */
    public write(xml: string): this;
  }
}
