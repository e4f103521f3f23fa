//! An authority, a certificate for the service, one for each role, and the settings that name them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use mamagang_app::authorise::Role;
use mamagang_domain::date::CivilDate;
use mamagang_domain::identifier::EmployerCode;
use mamagang_store::Clock as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, RevokedCertParams, SanType, SerialNumber,
};

use super::{AUDIENCE, ISSUER, write_new};
use crate::clock::{SystemClock, civil_date_in_shanghai};

/// Days for which everything is valid.
const VALID_DAYS: i32 = 397;
/// The serial number of the service's certificate; the roles' follow.
const SERVER_SERIAL: u64 = 1;

/// `mamagang certs`.
#[derive(Args, Clone, Debug)]
pub struct CertsArgs {
    /// The folder, which is made; with --revoke, the one made before
    #[arg(long, value_name = "DIR", default_value = "trial")]
    pub dir: PathBuf,
    /// Names and addresses under which the service is reached
    #[arg(long, value_name = "NAME", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    pub server_name: Vec<String>,
    /// The employer of the certificate for the role employer_payroll
    #[arg(long, value_name = "CODE", default_value = "91442000MAQQ000161")]
    pub employer: String,
    /// Take back the certificates of these roles: their list is written anew, and a running service reads it
    #[arg(long, value_name = "ROLE")]
    pub revoke: Vec<String>,
}

/// Makes the folder, or revokes in it; says what to do next.
pub fn certs(args: &CertsArgs) -> anyhow::Result<String> {
    let today = civil_date_in_shanghai(SystemClock.now_micros()).context("the clock is far off")?;
    if args.revoke.is_empty() {
        make(args, today)
    } else {
        revoke(args, today)
    }
}

fn make(args: &CertsArgs, today: CivilDate) -> anyhow::Result<String> {
    let employer = EmployerCode::parse(&args.employer)
        .map_err(|_| anyhow::anyhow!("--employer is no 统一社会信用代码"))?;
    fs::create_dir_all(&args.dir)
        .with_context(|| format!("{} cannot be made", args.dir.display()))?;
    let write =
        |name: &str, text: &str, is_secret| write_new(&args.dir.join(name), text, is_secret);

    let ca_key = KeyPair::generate()?;
    let ca_params = authority(today)?;
    write("ca.pem", &ca_params.self_signed(&ca_key)?.pem(), false)?;
    write("ca.key", &ca_key.serialize_pem(), true)?;
    let issuer = Issuer::new(ca_params, ca_key);

    let mut server = CertificateParams::new(args.server_name.clone())?;
    fill(&mut server, today, "mamagang", SERVER_SERIAL)?;
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    sign(&args.dir, "server", &server, &issuer)?;

    let mut callers = String::from("# The callers that client certificates stand for.\n");
    for role in Role::ALL {
        let name = role.name();
        let uri = format!("spiffe://trial.mamagang.invalid/{name}");
        let mut client = CertificateParams::default();
        client.subject_alt_names = vec![SanType::URI(uri.clone().try_into()?)];
        fill(&mut client, today, name, serial_of(role))?;
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        sign(&args.dir, name, &client, &issuer)?;
        let code = if role == Role::EmployerPayroll {
            format!("employer_code = \"{employer}\"\n")
        } else {
            String::new()
        };
        callers.push_str(&format!(
            "\n[[caller]]\ncertificate = \"{uri}\"\nsubject = \"{name}\"\norganisation = \"trial\"\nroles = [\"{name}\"]\n{code}"
        ));
    }
    write("callers.toml", &callers, false)?;
    write("revoked.pem", &revocations(&issuer, today, &[])?, false)?;

    let token_key = KeyPair::generate_for(&PKCS_ED25519)?;
    let x = URL_SAFE_NO_PAD.encode(token_key.public_key_raw());
    let jwks = serde_json::json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "trial", "x": x}
    ]});
    write("jwks.json", &format!("{jwks:#}\n"), false)?;
    write("token.key", &token_key.serialize_pem(), true)?;
    write("mamagang.toml", &settings(&args.dir), false)?;
    let dir = args.dir.display();
    Ok(format!(
        "made {dir}: an authority, a certificate for the service and for each role, keys for tokens, settings\n\
         serve:  mamagang serve --config {dir}/mamagang.toml\n\
         ask:    mamagang balance --employer {employer} --year 2023 --address https://localhost:50051 \\\n          \
                 --ca {dir}/ca.pem --token \"$(mamagang token --dir {dir} --role tax_officer)\"\n\
         or:     … --ca {dir}/ca.pem --certificate {dir}/tax_officer.pem --key {dir}/tax_officer.key\n\
         revoke: mamagang certs --dir {dir} --revoke tax_officer"
    ))
}

fn revoke(args: &CertsArgs, today: CivilDate) -> anyhow::Result<String> {
    let read = |name: &str| {
        let path = args.dir.join(name);
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let key = KeyPair::from_pem(&read("ca.key")?).context("ca.key holds no key")?;
    let issuer = Issuer::new(authority(today)?, key);
    let serials: Result<Vec<u64>, anyhow::Error> = args
        .revoke
        .iter()
        .map(|name| {
            let role = Role::parse(name).with_context(|| format!("there is no role {name}"))?;
            Ok(serial_of(role))
        })
        .collect();
    let list = revocations(&issuer, today, &serials?)?;
    // Replaced as a whole: a service that reads it meanwhile sees the old list or the new one.
    let path = args.dir.join("revoked.pem");
    let beside = args.dir.join("revoked.pem.new");
    fs::write(&beside, list).with_context(|| format!("{} cannot be written", beside.display()))?;
    fs::rename(&beside, &path).with_context(|| format!("{} cannot be replaced", path.display()))?;
    Ok(format!(
        "revoked {} in {}",
        args.revoke.join(", "),
        path.display()
    ))
}

fn serial_of(role: Role) -> u64 {
    SERVER_SERIAL + 1 + role as u64
}

fn authority(today: CivilDate) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    fill(
        &mut params,
        today,
        "mamagang trial authority",
        u64::from(u32::MAX),
    )?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn fill(
    params: &mut CertificateParams,
    today: CivilDate,
    name: &str,
    serial: u64,
) -> anyhow::Result<()> {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    params.distinguished_name = named;
    params.serial_number = Some(SerialNumber::from(serial));
    let (from, to) = validity(today)?;
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
    Ok(())
}

/// A day as rcgen takes it.
type Ymd = (i32, u8, u8);

/// From yesterday on, so that no zone and no clock that is a little behind matters.
fn validity(today: CivilDate) -> anyhow::Result<(Ymd, Ymd)> {
    let day = |offset: i32| {
        let date = today.plus_days(offset);
        let (month, day) = (u8::try_from(date.month())?, u8::try_from(date.day())?);
        anyhow::Ok((i32::from(date.year()), month, day))
    };
    Ok((day(-1)?, day(VALID_DAYS)?))
}

fn sign(
    dir: &Path,
    name: &str,
    params: &CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    write_new(&dir.join(format!("{name}.pem")), &certificate.pem(), false)?;
    write_new(&dir.join(format!("{name}.key")), &key.serialize_pem(), true)
}

fn revocations(
    issuer: &Issuer<'_, KeyPair>,
    today: CivilDate,
    serials: &[u64],
) -> anyhow::Result<String> {
    let (from, to) = validity(today)?;
    let this_update = rcgen::date_time_ymd(from.0, from.1, from.2);
    let next_update = rcgen::date_time_ymd(to.0, to.1, to.2);
    let revoked_certs = serials.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: this_update,
        reason_code: None,
        invalidity_date: None,
    });
    let list = CertificateRevocationListParams {
        this_update,
        next_update,
        crl_number: SerialNumber::from(serials.len() as u64 + 1),
        issuing_distribution_point: None,
        revoked_certs: revoked_certs.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(issuer)?.pem()?)
}

fn settings(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "# Settings of a trial with authentication.\n\
         database_url = \"sqlite://{dir}/mamagang.db\"\n\n\
         [tls]\n\
         certificate = \"{dir}/server.pem\"\n\
         key = \"{dir}/server.key\"\n\
         client_ca = \"{dir}/ca.pem\"\n\
         revoked = \"{dir}/revoked.pem\"\n\n\
         [auth]\n\
         callers = \"{dir}/callers.toml\"\n\
         require = \"either\"\n\n\
         [jwt]\n\
         jwks = \"{dir}/jwks.json\"\n\
         issuer = \"{ISSUER}\"\n\
         audience = \"{AUDIENCE}\"\n"
    )
}
