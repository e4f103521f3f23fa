//! 企业吸纳重点群体就业认定证明 on paper: what the signed data says, with a code by which anybody checks it.

use crate::FileError;
use crate::pdf::{About, Finished, Paper, Pdf};
use crate::qr::Qr;

/// Its title.
pub const TITLE: &str = "企业吸纳重点群体就业认定证明";
/// Begins the text of its QR code.
const PREFIX: &str = "mamagang-certificate:1:";
/// Characters of a group of the code as it is printed.
const GROUP: usize = 4;

/// What a certificate says. Names and numbers of persons are masked before they come here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The code by which it is checked.
    pub check_code: String,
    /// The employer's name; empty where it is not known.
    pub employer_name: String,
    /// Its 统一社会信用代码.
    pub employer_code: String,
    /// The worker's name, masked; empty where the reader may not see it.
    pub worker_name: String,
    /// The document's number, masked; empty as well.
    pub document_number: String,
    /// Our id of the worker.
    pub worker_id: String,
    /// The category, in words.
    pub category: String,
    /// The month that was certified.
    pub month: String,
    /// The first month of the term.
    pub start_month: String,
    /// The last month that the term can reach.
    pub term_end_month: String,
    /// Day of issue.
    pub issued_on: String,
    /// Last day of validity.
    pub valid_until: String,
    /// The decision that it rests on.
    pub decision_id: String,
    /// The signature over the signed data, in Base64.
    pub signature: String,
    /// The key that verifies it.
    pub key_id: i32,
}

/// The text of the QR code that stands for a check code.
pub fn payload(check_code: &str) -> String {
    format!("{PREFIX}{check_code}")
}

/// The check code in what somebody has typed or scanned: the QR code's text, or the code with or without its dashes.
pub fn typed_code(text: &str) -> String {
    let text = text.trim();
    let code = text.strip_prefix(PREFIX).unwrap_or(text);
    code.chars()
        .filter(|character| *character != '-' && *character != ' ')
        .map(|character| character.to_ascii_uppercase())
        .collect()
}

/// The code as it is printed: `ABCD-EFGH-JKMN-PQRS-TVWX`.
pub fn shown_code(check_code: &str) -> String {
    let characters: Vec<char> = check_code.chars().collect();
    let groups: Vec<String> = characters
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

impl Certificate {
    /// As PDF, a page.
    pub fn pdf(&self) -> Result<Finished, FileError> {
        let code = shown_code(&self.check_code);
        let about = About::titled(TITLE).footer(format!("校验码 {code}"));
        let mut pdf = Pdf::new(about, Paper::A4);
        let worker = match (self.worker_name.as_str(), self.document_number.as_str()) {
            ("", "") => format!("人员编号 {}", self.worker_id),
            (name, number) => format!("{name}（证件号码 {number}）"),
        };
        let employer = match self.employer_name.as_str() {
            "" => format!("统一社会信用代码 {}", self.employer_code),
            name => format!("{name}（统一社会信用代码 {}）", self.employer_code),
        };
        pdf.gap(20_000).title(TITLE).gap(10_000);
        pdf.paragraph(&format!(
            "经核验，{employer}招用的{worker}在招用时属于{}，{} 符合企业招用重点群体就业税收扣减的条件。",
            self.category, self.month,
        ));
        pdf.gap(6_000).pairs(
            [
                ("用人单位", self.employer_name.clone()),
                ("统一社会信用代码", self.employer_code.clone()),
                ("姓名", self.worker_name.clone()),
                ("证件号码", self.document_number.clone()),
                ("人员编号", self.worker_id.clone()),
                ("人员类别", self.category.clone()),
                ("认定月份", self.month.clone()),
                ("扣减期限起始月", self.start_month.clone()),
                ("扣减期限最迟终止月", self.term_end_month.clone()),
                ("签发日期", self.issued_on.clone()),
                ("有效期至", self.valid_until.clone()),
                ("决定编号", self.decision_id.clone()),
            ]
            .into_iter()
            .filter(|(_, value)| !value.is_empty()),
        );
        pdf.gap(10_000)
            .right(&format!("签发日期：{}", self.issued_on));
        pdf.right("签发机关（盖章）：　　　　　　　　　　")
            .gap(20_000);
        let lines = [
            format!("校验码：{code}"),
            "持有校验码的人可以随时向签发系统查验本证明是否有效、已过期或者已撤销。".to_owned(),
            "本证明所依据的事实被撤回的，本证明自行撤销，以查验结果为准。".to_owned(),
        ];
        pdf.check_code(&Qr::new(&payload(&self.check_code))?, &lines);
        pdf.remark(&format!(
            "电子签名（Ed25519，密钥 {}）：{}",
            self.key_id, self.signature
        ));
        pdf.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_printed_scanned_or_typed() {
        let code = "0123456789ABCDEFGHJK";
        assert_eq!(shown_code(code), "0123-4567-89AB-CDEF-GHJK");
        for typed in [
            code.to_owned(),
            payload(code),
            shown_code(code),
            " 0123 4567 89ab cdef ghjk\n".to_owned(),
        ] {
            assert_eq!(typed_code(&typed), code, "{typed}");
        }
    }

    #[test]
    fn a_certificate_is_one_page_whose_every_character_has_a_glyph() {
        let certificate = Certificate {
            check_code: "0123456789ABCDEFGHJK".to_owned(),
            employer_name: "中山市喜彩烘焙有限公司".to_owned(),
            worker_name: "王**".to_owned(),
            document_number: "442000********9982".to_owned(),
            category: "脱贫人口".to_owned(),
            ..Certificate::default()
        };
        let finished = certificate.pdf().expect("a PDF");
        assert_eq!(finished.pages, 1);
        assert!(finished.missing.is_empty(), "{:?}", finished.missing);
        assert_eq!(certificate.pdf().expect("a PDF").bytes, finished.bytes);
    }
}
