/** What carries datagrams: UDP, or WebTransport over HTTP/3 or HTTP/2. */
export type LinkName = 'udp' | 'h3' | 'h2';

/** As people know them. */
export const linkTitles = {udp: 'UDP', h3: 'HTTP/3', h2: 'HTTP/2'} as const;
