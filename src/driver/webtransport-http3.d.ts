/** There or not: only whether it can be imported is asked of it. */
declare module '@fails-components/webtransport-transport-http3-quiche';
