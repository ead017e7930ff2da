// The order in which the collection plays the operations, a folder per contract.
// Each folder can be played over and over: it leaves the account as it found it.
//
// A step names its operation and the status that must come. It may have a name and
// a body of its own, a token (the variable that holds it), parameters of the path,
// checks after the answer, and a mail whose link it needs.

export const variables = {
  baseUrl: { value: "http://localhost:8080", about: "Where the server is." },

  clubName: { value: "Drama Club", about: "The club that is registered." },
  clubEmail: { value: "drama@campus.example", about: "Its address, which is on the roster." },
  clubPassword: { value: "curtain up at eight", about: "Its officer's password." },
  clubOtherPassword: { value: "the second act begins", about: "What that is changed to, and back from." },
  tag: { value: "1", about: "An id of the tag list. The story takes one." },
  confirmToken: { value: "", about: "Out of the confirmation mail. The story takes it from /dev/mail." },
  resetToken: { value: "", about: "Out of the reset mail. The story takes it from /dev/mail." },
  access: { value: "", about: "The access token. Login and refresh set it." },
  refresh: { value: "", about: "The refresh token. Login sets it." },

  memberEmail: { value: "student@campus.example", about: "Somebody of the programme." },
  memberPassword: { value: "demo-student-password", about: "Their password." },
  frontEnd: { value: "{{baseUrl}}", about: "The origin that the reset link leads to: one that is listed." },
  linkId: { value: "", about: "Out of the reset mail. The story takes it from /dev/mail." },
  linkToken: { value: "", about: "Out of the reset mail. The story takes it from /dev/mail." },

  newestMail: { value: "", about: "The newest mail before one was asked for." },
};

const said = (member, value) => `
  pm.test("${member} is ${value}", () => pm.expect(pm.response.json().${member}).to.eql(${JSON.stringify(value)}));
`;

const success = said("status", "success");
const clubLogin = { email: "{{clubEmail}}", password: "{{clubPassword}}" };
const memberLogin = { email: "{{memberEmail}}", password: "{{memberPassword}}" };

const keepPair = `
  const pair = pm.response.json();
  pm.test("has two tokens", () => {
    pm.expect(pair.access).to.be.a("string").and.not.empty;
    pm.expect(pair.refresh).to.be.a("string").and.not.empty;
    pm.expect(pair.access_expires_in).to.be.above(0);
    pm.expect(pair.refresh_expires_in).to.be.above(pair.access_expires_in);
  });
  pm.collectionVariables.set("access", pair.access);
  pm.collectionVariables.set("refresh", pair.refresh);
`;

const isMember = `
  const info = pm.response.json();
  pm.test("is the member, twice", () => {
    pm.expect(info.user.email.toLowerCase()).to.eql(pm.variables.get("memberEmail").toLowerCase());
    pm.expect(info.email).to.eql(info.user.email);
    pm.expect(info.id).to.eql(info.user.id);
  });
`;

const refusedToken = `
  pm.test("says how to come back", () => pm.expect(pm.response.headers.get("WWW-Authenticate")).to.eql("Bearer"));
`;

const clubs = {
  tag: "clubs",
  steps: [
    {
      operation: "listTags",
      status: 200,
      after: `
        const tags = pm.response.json();
        pm.test("has ids from 0 without a gap", () => tags.forEach(({ id }, i) => pm.expect(id).to.eql(i)));
        pm.collectionVariables.set("tag", String(tags[tags.length - 1].id));
      `,
    },
    {
      operation: "listSizes",
      status: 200,
      after: `
        pm.test("has ids from 0 without a gap", () => pm.response.json().forEach(({ id }, i) => pm.expect(id).to.eql(i)));
      `,
    },
    { operation: "emailExists", status: 200, body: { email: "{{clubEmail}}" }, after: said("exists", true) },
    { operation: "passwordStrength", status: 200, body: { password: "{{clubPassword}}" }, after: said("strong", true) },
    {
      operation: "passwordStrength",
      name: "A weak password, and why",
      status: 200,
      body: { password: "password" },
      after: `
        const verdict = pm.response.json();
        pm.test("is weak, and says why", () => {
          pm.expect(verdict.strong).to.be.false;
          pm.expect(verdict.reasons).to.be.an("array").and.not.empty;
        });
      `,
    },
    {
      operation: "register",
      status: 200,
      body: `{
  "name": "{{clubName}}",
  "email": "{{clubEmail}}",
  "password": "{{clubPassword}}",
  "tags": [{{tag}}],
  "app_required": false,
  "new_members": true,
  "num_users": 0
}`,
      after: success,
    },
    {
      operation: "register",
      name: "What is malformed is said member by member",
      status: 400,
      body: { name: "", email: "drama", password: "{{clubPassword}}", tags: [], app_required: false, new_members: true, num_users: -1 },
      after: `
        const refusal = pm.response.json();
        pm.test("names every member", () => {
          pm.expect(refusal.status).to.eql("error");
          pm.expect(refusal.data.map(({ field }) => field)).to.have.members(["name", "email", "tags", "num_users"]);
        });
      `,
    },
    { operation: "resendConfirm", status: 200, body: { email: "{{clubEmail}}" }, after: success },
    {
      operation: "confirm",
      status: 303,
      parameters: { confirm_token: "{{confirmToken}}" },
      mail: { to: "clubEmail", link: String.raw`/\/api\/user\/confirm\/(?<token>[^?#]+)$/`, keep: { token: "confirmToken" } },
      after: `
        pm.test("leads on", () => pm.expect(pm.response.headers.get("Location")).to.include("confirmed=true"));
      `,
    },
    {
      operation: "login",
      name: "A wrong password",
      status: 400,
      body: { email: "{{clubEmail}}", password: "not {{clubPassword}}" },
      after: said("status", "error"),
    },
    { operation: "login", status: 200, body: clubLogin, after: keepPair },
    {
      operation: "getProfile",
      status: 200,
      token: "access",
      after: `
        const club = pm.response.json();
        pm.test("is the club", () => {
          pm.expect(club.name).to.eql(pm.variables.get("clubName"));
          pm.expect(club.owner.toLowerCase()).to.eql(pm.variables.get("clubEmail").toLowerCase());
          pm.expect(club.confirmed).to.be.true;
          pm.expect(club.social_media_links).to.have.all.keys(
            "contact_email", "website", "facebook", "instagram", "linkedin", "twitter",
            "youtube", "github", "behance", "medium", "gcalendar", "discord");
        });
      `,
    },
    {
      operation: "editProfile",
      status: 200,
      token: "access",
      body: { about_us: "We play on Thursdays.", social_media_links: { website: "drama.campus.example" } },
      after: success,
    },
    {
      operation: "getProfile",
      name: "The club after the change",
      status: 200,
      token: "access",
      after: `
        const club = pm.response.json();
        pm.test("has changed", () => {
          pm.expect(club.about_us).to.eql("We play on Thursdays.");
          pm.expect(club.social_media_links.website).to.eql("https://drama.campus.example");
        });
      `,
    },
    {
      operation: "refresh",
      status: 200,
      token: "refresh",
      after: `
        const { access } = pm.response.json();
        pm.test("is another token", () => pm.expect(access).to.not.eql(pm.variables.get("access")));
        pm.collectionVariables.set("access", access);
      `,
    },
    {
      operation: "changeOwnPassword",
      status: 200,
      token: "access",
      body: { old_password: "{{clubPassword}}", new_password: "{{clubOtherPassword}}" },
      after: success,
    },
    {
      operation: "login",
      name: "Log in with the new password",
      status: 200,
      body: { email: "{{clubEmail}}", password: "{{clubOtherPassword}}" },
      after: keepPair,
    },
    { operation: "revokeAccess", status: 200, token: "access", after: said("message", "Access token revoked!") },
    { operation: "getProfile", name: "An access token that was revoked", status: 401, token: "access", after: refusedToken },
    { operation: "revokeRefresh", status: 200, token: "refresh", after: said("message", "Refresh token revoked!") },
    { operation: "refresh", name: "A refresh token that was revoked", status: 401, token: "refresh", after: refusedToken },
    { operation: "requestReset", status: 200, body: { email: "{{clubEmail}}" }, noteMails: true, after: success },
    {
      operation: "confirmReset",
      status: 200,
      body: { token: "{{resetToken}}", password: "{{clubPassword}}" },
      mail: { to: "clubEmail", link: String.raw`/[?&]token=(?<token>[^&#]+)$/`, keep: { token: "resetToken" }, after: "newestMail" },
      after: success,
    },
    {
      operation: "confirmReset",
      name: "A link that was used",
      status: 404,
      body: { token: "{{resetToken}}", password: "{{clubPassword}}" },
      after: said("status", "error"),
    },
    { operation: "login", name: "Log in after the reset", status: 200, body: clubLogin, after: keepPair },
    {
      operation: "listKeys",
      status: 200,
      after: `
        const { kid } = JSON.parse(atob(pm.variables.get("access").split(".")[0].replace(/-/g, "+").replace(/_/g, "/")));
        pm.test("has the key of the access token", () => pm.expect(pm.response.json().keys.map((key) => key.kid)).to.include(kid));
      `,
    },
  ],
};

const cohorts = {
  tag: "cohorts",
  steps: [
    {
      operation: "listCohorts",
      status: 200,
      after: `
        const years = pm.response.json().cohorts.map(({ academicYear }) => academicYear);
        pm.test("has the newest first", () => pm.expect(years).to.eql([...years].sort((a, b) => b - a)));
      `,
    },
    {
      operation: "currentCohort",
      status: 200,
      after: `
        pm.test("has a year", () => pm.expect(pm.response.json().cohort.academicYear).to.be.a("number"));
      `,
    },
    {
      operation: "signIn",
      name: "A wrong password",
      status: 401,
      body: { email: "{{memberEmail}}", password: "not {{memberPassword}}" },
      after: `
        pm.test("sets no cookie", () => pm.expect(pm.response.headers.has("Set-Cookie")).to.be.false);
      `,
    },
    {
      operation: "signIn",
      status: 200,
      body: memberLogin,
      after: `
        pm.test("sets cookies that no script reads", () => {
          const cookies = pm.response.headers.filter((h) => h.key === "Set-Cookie").map((h) => h.value);
          pm.expect(cookies.some((c) => /^(__Host-)?matricula=/.test(c)), "a cookie of the session").to.be.true;
          for (const c of cookies) pm.expect(c).to.match(/; HttpOnly/);
        });
        ${isMember.trim()}
      `,
    },
    { operation: "info", status: 200, after: isMember },
    { operation: "signOut", status: 200 },
    { operation: "info", name: "After signing out", status: 401, after: said("message", "Authentication failed") },
    { operation: "signIn", name: "Sign in once more", status: 200, body: memberLogin, after: isMember },
    { operation: "resetPassword", status: 200, body: { email: "{{memberEmail}}", origin: "{{frontEnd}}" }, noteMails: true },
    {
      operation: "resetPassword",
      name: "A link to a front end that is not listed",
      status: 400,
      body: { email: "{{memberEmail}}", origin: "https://elsewhere.example" },
    },
    {
      operation: "changePassword",
      status: 200,
      body: { id: "{{linkId}}", token: "{{linkToken}}", newPassword: "{{memberPassword}}" },
      mail: {
        to: "memberEmail",
        link: String.raw`/\/change-password\?token=(?<token>[^&#]+)&id=(?<id>[0-9]+)$/`,
        keep: { token: "linkToken", id: "linkId" },
        after: "newestMail",
      },
    },
    { operation: "info", name: "A session that the reset has ended", status: 401, after: said("message", "Authentication failed") },
    {
      operation: "changePassword",
      name: "A link that was used",
      status: 400,
      body: { id: "{{linkId}}", token: "{{linkToken}}", newPassword: "{{memberPassword}}" },
    },
    { operation: "signIn", name: "Sign in after the reset", status: 200, body: memberLogin, after: isMember },
    { operation: "signOutByPost", status: 200 },
  ],
};

const health = {
  tag: "health",
  steps: [
    { operation: "healthz", status: 200, after: said("status", "up") },
    { operation: "healthzHead", status: 200 },
    { operation: "readyz", status: 200, after: said("status", "ready") },
    { operation: "readyzHead", status: 200 },
  ],
};

const itself = {
  tag: "description",
  steps: [
    {
      operation: "description",
      status: 200,
      after: `
        pm.test("is OpenAPI 3.1", () => pm.expect(pm.response.text()).to.include("openapi: 3.1"));
      `,
    },
    { operation: "descriptionHead", status: 200 },
    {
      operation: "collection",
      status: 200,
      after: `
        pm.test("is a collection", () => pm.expect(pm.response.json().info.schema).to.include("/collection/v2.1.0/"));
      `,
    },
    { operation: "collectionHead", status: 200 },
  ],
};

export const folders = [clubs, cohorts, health, itself];
