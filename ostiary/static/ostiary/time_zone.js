// Tells the site the time zone of this browser, for times on pages: in a cookie that it reads.
const https = location.protocol === "https:";
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) {
  const name = https ? "__Host-ostiary-time-zone" : "ostiary_time_zone";
  const year = 365 * 24 * 3600;
  document.cookie =
    `${name}=${zone}; Path=/; Max-Age=${year}; SameSite=Lax${https ? "; Secure" : ""}`;
}
